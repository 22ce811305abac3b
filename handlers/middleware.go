package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

type requestIDKey struct{}

// withRequestID gives each request an id of our own making: one from outside could be
// made up to mislead a reader of the log.
func withRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := rand.Text()[:12]
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), requestIDKey{}, id)))
		return next(c)
	}
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// LogHandler adds the id of the request that a line is about.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

func (l logHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := requestID(ctx); id != "" {
		record.AddAttrs(slog.String("request", id))
	}
	return l.Handler.Handle(ctx, record)
}

func (l logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{l.Handler.WithAttrs(attrs)}
}

func (l logHandler) WithGroup(name string) slog.Handler { return logHandler{l.Handler.WithGroup(name)} }

// logRequest writes one line for each request. The query stays out: it carries codes.
func (h *Handlers) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(start)
		h.Metrics.Request(c.Request().Method, c.Path(), c.Response().Status, took)
		level := slog.LevelInfo
		switch c.Path() {
		case "/static/*", "/healthz", "/readyz":
			level = slog.LevelDebug
		}
		h.Log.LogAttrs(c.Request().Context(), level, "request",
			slog.String("method", c.Request().Method),
			slog.String("path", c.Request().URL.Path),
			slog.Int("status", c.Response().Status),
			slog.Duration("took", took),
			slog.Int64("bytes", c.Response().Size),
		)
		return nil
	}
}

func (h *Handlers) logPanic(c echo.Context, err error, stack []byte) error {
	h.Log.ErrorContext(c.Request().Context(), "panic", slog.Any("error", err), slog.String("stack", string(stack)))
	return err
}

// secureHeaders go with every answer, also with 404 and 500 (OWASP ASVS 5.0, 3.4).
func (h *Handlers) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	policy := h.contentPolicy("img-src 'self'")
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: that makes browsers send "Origin: null" with forms.
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if h.PublicURL.Scheme == "https" {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// contentPolicy is the Content-Security-Policy, with where images may come from.
func (h *Handlers) contentPolicy(images string) string {
	formAction := "form-action 'self'"
	if h.github != nil {
		// A form's answer that redirects must lead to where form-action allows.
		formAction += " " + h.github.origin
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", images, "connect-src 'self'",
		formAction, "base-uri 'none'", "frame-ancestors 'none'",
	}, "; ")
}

// allowImages lets this one page show images of other servers, because its reader asked.
func (h *Handlers) allowImages(c echo.Context) {
	c.Response().Header().Set("Content-Security-Policy", h.contentPolicy("img-src 'self' https: http:"))
}

// noStore keeps personal pages out of every cache, the browser's included: after signing
// out, Back shows nothing.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		setNoStore(c)
		return next(c)
	}
}

func setNoStore(c echo.Context) {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	c.Response().Header().Set("Vary", "Cookie, HX-Request, Accept-Encoding")
}

// canonicalHost sends 127.0.0.1 to localhost, or the reverse, when Guestpad is tried on
// the own machine: cookies belong to one name, and GitHub comes back to one.
func (h *Handlers) canonicalHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
		asked := url.URL{Host: r.Host}
		isOtherName := asked.Hostname() != h.PublicURL.Hostname() && IsLoopback(asked.Hostname()) && IsLoopback(h.PublicURL.Hostname())
		// Another port is a tunnel or a proxy, and not ours to second-guess.
		if isRead && isOtherName && asked.Port() == h.PublicURL.Port() && isPage(r.URL.Path) {
			to := *r.URL
			to.Scheme, to.Host = h.PublicURL.Scheme, h.PublicURL.Host
			return c.Redirect(http.StatusTemporaryRedirect, to.String())
		}
		return next(c)
	}
}

// sameOrigin refuses what another site makes a browser send. Browsers say where a request
// comes from (Sec-Fetch-Site or Origin); one that says nothing, and yet has a cookie, is
// refused as well.
func (h *Handlers) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	// A reverse proxy may not pass the host on.
	if err := protection.AddTrustedOrigin(h.PublicURL.Scheme + "://" + h.PublicURL.Host); err != nil {
		panic("handlers: public URL: " + err.Error())
	}
	refused := &userError{
		Code:  http.StatusForbidden,
		Title: "This came from another site",
		Text:  "Guestpad takes changes only from its own pages, so nothing was changed. If you meant to do this, open Guestpad and do it there.",
	}
	return func(c echo.Context) error {
		r := c.Request()
		if protection.Check(r) != nil {
			return refused
		}
		isSafe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		saysNothing := r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
		if !isSafe && saysNothing && r.Header.Get("Cookie") != "" {
			return refused
		}
		return next(c)
	}
}

func isPage(path string) bool {
	return path == "/" || path == "/login" || path == "/import" || path == "/settings" || path == "/continue" || strings.HasPrefix(path, "/editor")
}

const (
	// smallBody is enough for every form but a note's.
	smallBody = 16 << 10
	// noteBody is a note in form encoding, which takes up to three bytes for one.
	noteBody = 2 << 20
)

// maxBody reads the form, at most limit bytes of it. After it a field is there or not:
// nothing fails later or is cut off in silence.
func maxBody(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
			contentType, _, _ := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
			if r.ContentLength != 0 && contentType != echo.MIMEApplicationForm {
				return echo.ErrUnsupportedMediaType
			}
			if err := r.ParseForm(); err != nil {
				if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
					return tooLarge
				}
				return echo.ErrBadRequest.WithInternal(err)
			}
			return next(c)
		}
	}
}

// field is the last value of a form's field. The last one counts, so that a hidden field
// can give a value that a checkbox or a button after it replaces. The query is no form.
func field(c echo.Context, name string) string {
	values := c.Request().PostForm[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// clientAddress believes X-Forwarded-For from the trusted proxies, and from nobody else.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, prefix := range trusted {
		_, network, err := net.ParseCIDR(prefix.String())
		if err != nil {
			panic("handlers: a netip.Prefix that net cannot parse: " + err.Error())
		}
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
