package handlers

import (
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"
)

// limits bound what one address can ask for. They are generous, because a school or a
// village can share an address, and they are per process.
type limits struct {
	// firstWrites counts writes of guests that have no row yet: each makes one.
	firstWrites addressLimit
	// logins counts departures to GitHub.
	logins addressLimit
}

func newLimits() limits {
	return limits{
		firstWrites: newAddressLimit(rate.Every(6*time.Second), 100),
		logins:      newAddressLimit(rate.Every(6*time.Second), 30),
	}
}

type addressLimit struct {
	store      *middleware.RateLimiterMemoryStore
	retryAfter time.Duration
}

func newAddressLimit(every rate.Limit, burst int) addressLimit {
	return addressLimit{
		store: middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
			Rate: every, Burst: burst,
			// Forgetting an address earlier than its allowance is full again would give it more.
			ExpiresIn: time.Duration(float64(burst)/float64(every)) * time.Second,
		}),
		retryAfter: time.Duration(math.Ceil(1/float64(every))) * time.Second,
	}
}

func (l addressLimit) check(c echo.Context, text string) error {
	isAllowed, err := l.store.Allow(addressKey(c.RealIP()))
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
			err := h.limits.firstWrites.check(c, "Many people started writing from your network just now, so this was not saved yet. What you typed is still here: please try again in a few seconds.")
			if err != nil {
				return err
			}
		}
		return next(c)
	}
}

func (h *Handlers) limitLogins(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := h.limits.logins.check(c, "Many people signed in from your network just now. Everything you wrote is safe: please try again in a few seconds."); err != nil {
			return err
		}
		return next(c)
	}
}
