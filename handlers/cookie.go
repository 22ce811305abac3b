package handlers

import (
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
)

// cookieNames are the cookies' names, and whether they may carry Secure.
type cookieNames struct {
	guest, session, login string
	isSecure              bool
}

// cookieNamesFor uses the __Host- prefix (RFC 6265bis, 4.1.3.2) wherever browsers accept
// it: over https and on loopback. On plain HTTP elsewhere, a home network say, browsers
// would drop such cookies.
func cookieNamesFor(public *url.URL) cookieNames {
	if public.Scheme == "https" || IsLoopback(public.Hostname()) {
		return cookieNames{guest: "__Host-guest", session: "__Host-session", login: "__Host-login", isSecure: true}
	}
	return cookieNames{guest: "guest", session: "session", login: "login"}
}

// IsLoopback tells whether a host name or address never leaves this machine.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (h *Handlers) setCookie(c echo.Context, name, value string, maxAge time.Duration) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(maxAge.Seconds()),
		HttpOnly: true, Secure: h.cookies.isSecure, SameSite: http.SameSiteLaxMode,
	})
}

func (h *Handlers) clearCookie(c echo.Context, name string) {
	c.SetCookie(&http.Cookie{
		Name: name, Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: h.cookies.isSecure, SameSite: http.SameSiteLaxMode,
	})
}

// cookie is the value of a cookie, or "". Two of one name are an error: one of them was
// planted, and nobody can tell which.
func cookie(c echo.Context, name string) (string, error) {
	switch found := c.Request().CookiesNamed(name); len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0].Value, nil
	}
	return "", &userError{
		Code:  http.StatusBadRequest,
		Title: "Two cookies where one should be",
		Text:  "Your browser sent two cookies named “" + name + "”, so Guestpad cannot tell who you are. Nothing is lost. Delete this site's cookies in your browser's settings, and open the page again.",
	}
}
