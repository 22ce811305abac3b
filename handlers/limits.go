package handlers

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"
)

// limits bound what one address can ask for, and one viewer. Those of an address are
// generous, because a school or a village can share one. All are per process.
type limits struct {
	// firstWrites counts writes of guests that have no row yet: each makes one.
	firstWrites rateLimit
	// logins counts departures to GitHub.
	logins rateLimit
	// writes counts what a viewer writes; it is nil when that is not bounded.
	writes *rateLimit
	// uploads holds one for each upload that is being looked at.
	uploads chan struct{}
}

func newLimits(writesPerMinute int) limits {
	l := limits{
		firstWrites: newRateLimit(rate.Every(6*time.Second), 100),
		logins:      newRateLimit(rate.Every(6*time.Second), 30),
		uploads:     make(chan struct{}, uploadsAtOnce),
	}
	if writesPerMinute > 0 {
		writes := newRateLimit(rate.Every(time.Minute/time.Duration(writesPerMinute)), max(1, writesPerMinute/2))
		l.writes = &writes
	}
	return l
}

type rateLimit struct {
	store      *middleware.RateLimiterMemoryStore
	retryAfter time.Duration
}

func newRateLimit(every rate.Limit, burst int) rateLimit {
	return rateLimit{
		store: middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
			Rate: every, Burst: burst,
			// Forgetting one earlier than its allowance is full again would give it more.
			ExpiresIn: time.Duration(float64(burst)/float64(every)) * time.Second,
		}),
		retryAfter: time.Duration(math.Ceil(1/float64(every))) * time.Second,
	}
}

// check counts one for an address or a viewer, and refuses what is too much.
func (l rateLimit) check(key, text string) error {
	isAllowed, err := l.store.Allow(key)
	if err != nil {
		return err
	}
	if !isAllowed {
		return &userError{Code: http.StatusTooManyRequests, Title: "Too much at once", Text: text, RetryAfter: l.retryAfter}
	}
	return nil
}

// addressKey is an IPv4 address, or the /64 of an IPv6 address, which is what one
// customer gets.
func addressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// limitFirstWrites bounds how many guests an address can make rows for.
func (h *Handlers) limitFirstWrites(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !viewer(c).HasRow {
			err := h.limits.firstWrites.check(addressKey(c.RealIP()), "Many people started writing from your network just now, so this was not saved yet. What you typed is still here: please try again in a few seconds.")
			if err != nil {
				return err
			}
		}
		return next(c)
	}
}

func (h *Handlers) limitLogins(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := h.limits.logins.check(addressKey(c.RealIP()), "Many people signed in from your network just now. Everything you wrote is safe: please try again in a few seconds."); err != nil {
			return err
		}
		return next(c)
	}
}

// limitWrites bounds what one viewer can write in a minute.
func (h *Handlers) limitWrites(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if h.limits.writes != nil {
			err := h.limits.writes.check(viewer(c).ID, fmt.Sprintf("That was more than this server saves for one person in a minute (%d changes), so this was not saved yet. What you typed is still here: please try again in a few seconds.", h.WritesPerMinute))
			if err != nil {
				return err
			}
		}
		return next(c)
	}
}
