package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/mileusna/useragent"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// inActivity is how many merges the settings list.
const inActivity = 50

// settings answers GET /settings: who the viewer is, where it is signed in, what came
// along, and the ways to take everything out or away.
func (h *Handlers) settings(c echo.Context) error {
	ctx, v := c.Request().Context(), viewer(c)
	has, err := h.DB.Holdings(ctx, v)
	if err != nil {
		return err
	}
	page := views.Settings{Page: h.page("Settings"), Card: h.card(v, has)}
	for _, p := range has.Profiles {
		page.Profiles = append(page.Profiles, views.SettingsProfile{Disc: disc(p), Name: p.Name, IsActive: p.IsActive})
	}
	if !v.IsGuest {
		if page.Account, err = h.account(c, v); err != nil {
			return err
		}
	}
	if page.Handoffs, err = h.handoffs(c, v); err != nil {
		return err
	}
	if page.Notice, err = h.notice(c, v); err != nil {
		return err
	}
	return h.render(c, http.StatusOK, views.SettingsPage(page))
}

// handoffs are the other devices on which a guest goes on.
func (h *Handlers) handoffs(c echo.Context, v db.Viewer) (lines []string, err error) {
	handoffs, err := h.DB.Handoffs(c.Request().Context(), v)
	for _, handoff := range handoffs {
		if !handoff.UsedAt.IsZero() {
			lines = append(lines, browserName(handoff.UserAgent)+", since "+date(handoff.UsedAt))
		}
	}
	return lines, err
}

// account is what only a user has: sessions, identities and merges.
func (h *Handlers) account(c echo.Context, v db.Viewer) (*views.Account, error) {
	ctx, now := c.Request().Context(), h.Now()
	sessions, err := h.DB.Sessions(ctx, v)
	if err != nil {
		return nil, err
	}
	identities, err := h.DB.Identities(ctx, v)
	if err != nil {
		return nil, err
	}
	merges, err := h.DB.Merges(ctx, v, inActivity)
	if err != nil {
		return nil, err
	}
	var account views.Account
	for _, s := range sessions {
		account.Sessions = append(account.Sessions, views.SignedInBrowser{
			Browser: browserName(s.UserAgent), SignedIn: date(s.SignedInAt), Seen: seen(s.SeenAt, now),
			IsThis: s.ID == v.SessionHash, Revoke: "/sessions/" + s.ID,
		})
	}
	for _, i := range identities {
		account.Identities = append(account.Identities, views.Identity{Provider: providerName(i.Provider), Login: i.Login, Since: date(i.CreatedAt)})
	}
	for _, m := range merges {
		account.Activity = append(account.Activity, activity(m, now))
	}
	return &account, nil
}

func activity(m db.Merge, now time.Time) views.Activity {
	came := views.Holdings{Notes: m.Notes, Profiles: m.Profiles}.String()
	line := views.Activity{When: date(m.CreatedAt) + ", " + m.CreatedAt.Format("15:04") + " UTC"}
	switch {
	case !m.UndoneAt.IsZero():
		line.What = "What had come along went back to a guest on " + date(m.UndoneAt) + "."
	case came == "":
		line.What = "A guest signed in, and nothing is left of what came along."
	default:
		line.What = came + " came along from a guest."
		if m.CanBeUndone(now) {
			line.Undo, line.Until = "/merges/"+m.ID+"/undo", date(m.CreatedAt.Add(db.UndoFor))
		}
	}
	return line
}

func providerName(provider string) string {
	if provider == "github" {
		return "GitHub"
	}
	return provider
}

// browserName is how people call a browser: "Firefox on Linux".
func browserName(userAgent string) string {
	ua := useragent.Parse(userAgent)
	switch {
	case ua.Name == "" || strings.HasPrefix(userAgent, ua.Name) && ua.OS == "":
		return "An unknown browser"
	case ua.OS == "":
		return ua.Name
	}
	return ua.Name + " on " + ua.OS
}

func date(t time.Time) string { return t.Format("2 January 2006") }

// seen is when a session was last here. It is known to the hour.
func seen(t, now time.Time) string {
	if now.Sub(t) < 2*db.SeenEvery {
		return "in the last hours"
	}
	return when(t, now) + " ago"
}

// revokeSession answers DELETE /sessions/:id.
func (h *Handlers) revokeSession(c echo.Context) error {
	v, id := viewer(c), c.Param("id")
	if v.IsGuest {
		return notFound()
	}
	if id == v.SessionHash {
		return h.logout(c)
	}
	if err := h.DB.RevokeSession(c.Request().Context(), v, id); err != nil {
		return err
	}
	return redirect(c, "/settings?done=revoked")
}

// revokeOtherSessions answers DELETE /sessions: signed in only here.
func (h *Handlers) revokeOtherSessions(c echo.Context) error {
	v := viewer(c)
	if v.IsGuest {
		return notFound()
	}
	if err := h.DB.RevokeOtherSessions(c.Request().Context(), v); err != nil {
		return err
	}
	return redirect(c, "/settings?done=revoked-others")
}
