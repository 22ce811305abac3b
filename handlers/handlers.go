// Package handlers is the HTTP face of Guestpad: who is asking (viewer.go, token.go),
// signing in and out (login.go), and a thin file for each noun that reads the request,
// calls db, and draws with views. routes.go is the whole URL surface.
package handlers

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
	"golang.org/x/sync/singleflight"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/handlers/metrics"
	"github.com/guestpad/guestpad/static"
)

// Config is what the handlers need. Everything is required but what says otherwise.
type Config struct {
	DB *db.DB
	// Secrets sign and encrypt the cookies, newest first, at least MinSecretBytes each.
	Secrets [][]byte
	// PublicURL is where browsers find Guestpad: scheme and host.
	PublicURL *url.URL
	// GitHub is who people sign in with. Nil turns sign-in off.
	GitHub *GitHub
	// GuestTTL is how long a guest lives without a visit, before it is archived.
	GuestTTL time.Duration
	// Guests is what guests may do. The default is GuestsOn.
	Guests GuestAccess
	// TrustedProxies are the peers whose X-Forwarded-For is believed. May be empty.
	TrustedProxies []netip.Prefix
	// WritesPerMinute is how much one viewer may write in a minute. Zero: it is not bounded.
	WritesPerMinute int
	Log             *slog.Logger
	// Metrics counts requests and viewers. Nil: nothing is counted.
	Metrics *metrics.Metrics
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// Handlers answers requests.
type Handlers struct {
	Config
	assets    static.Assets
	cookies   cookieNames
	keys      *keyring
	github    *githubLogin
	callbacks singleflight.Group
	limits    limits
	// scripts are the addresses of the modules that the pages load.
	scripts []string
	// suggestions are the palettes of drawSuggestions.
	suggestions map[string]templ.Component
}

// New wires the handlers. An error names what in the configuration is wrong.
func New(cfg Config) (http.Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Guests == "" {
		cfg.Guests = GuestsOn
	}
	keys, err := newKeyring(cfg.Secrets, cfg.Now)
	if err != nil {
		return nil, err
	}
	assets, err := static.New()
	if err != nil {
		return nil, fmt.Errorf("read the embedded files: %w", err)
	}
	h := &Handlers{
		Config:  cfg,
		assets:  assets,
		cookies: cookieNamesFor(cfg.PublicURL),
		keys:    keys,
		limits:  newLimits(cfg.WritesPerMinute),
	}
	for _, name := range []string{
		"guestpad.js", "autosave.js", "typing.js", "import.js",
		"vendor/markdown-toolbar-element/markdown-toolbar-element-2.2.3.js",
		"vendor/relative-time-element/relative-time-element-5.3.1.js",
	} {
		h.scripts = append(h.scripts, assets.URL(name))
	}
	if h.suggestions, err = drawSuggestions(); err != nil {
		return nil, fmt.Errorf("draw the suggested emoji: %w", err)
	}
	if cfg.GitHub != nil {
		h.github = newGitHubLogin(*cfg.GitHub, cfg.PublicURL.JoinPath("/auth/github/callback").String())
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = clientAddress(cfg.TrustedProxies)
	e.HTTPErrorHandler = h.handleError
	h.routes(e)
	return e, nil
}
