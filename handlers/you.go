package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

const signInIsOff = "Signing in is off on this server. Whoever runs it turns it on by setting GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET."

// you is the viewer's side of the page, and the discs of the active profiles.
func (h *Handlers) you(ctx context.Context, v db.Viewer, state editorState) (views.You, []views.Disc, error) {
	profiles, err := h.DB.Profiles(ctx, v)
	if err != nil {
		return views.You{}, nil, err
	}
	card, err := h.card(ctx, v, profiles)
	if err != nil {
		return views.You{}, nil, err
	}
	list := profileList(profiles)
	list.Error = state.profilesError
	for i := range list.Items {
		if state.profile != nil && state.profile.ID == list.Items[i].ID {
			state.profile.CanRemove = list.Items[i].CanRemove
			list.Items[i] = *state.profile
		}
	}
	return views.You{Card: card, Profiles: list}, byline(profiles), nil
}

// cardAndProfiles is what else on the page a change shows in.
func (h *Handlers) cardAndProfiles(c echo.Context) (views.Card, []db.Profile, error) {
	ctx, v := c.Request().Context(), viewer(c)
	profiles, err := h.DB.Profiles(ctx, v)
	if err != nil {
		return views.Card{}, nil, err
	}
	card, err := h.card(ctx, v, profiles)
	return card, profiles, err
}

func (h *Handlers) card(ctx context.Context, v db.Viewer, profiles []db.Profile) (views.Card, error) {
	if !v.IsGuest {
		card := views.Card{
			Disc: disc(profiles[0]), Name: v.Name, IsUser: true,
			Where: "Saved on this server, in your account. Any browser where you sign in can open it.",
		}
		if v.HasAvatar {
			card.Avatar = "/avatar"
		}
		return card, nil
	}
	holdings, err := h.DB.Holdings(ctx, v)
	if err != nil {
		return views.Card{}, err
	}
	return views.Card{
		Disc: disc(profiles[0]), Name: profiles[0].Name, GuestID: v.ID[:8],
		Where: "Saved on this server. Only this browser can open it, until " + v.Until.Format("2 January") +
			" and longer each time you come back.",
		SignIn: h.signInOffer(holdings),
	}, nil
}

func (h *Handlers) signInOffer(holdings db.Holdings) *views.SignInOffer {
	if h.github == nil {
		return &views.SignInOffer{TurnsItOn: signInIsOff}
	}
	offer := &views.SignInOffer{IsOn: true, Sentence: "Keep it for good: what you write here comes along."}
	if came := views.Holdings(holdings.Notes, holdings.Profiles); came != "" {
		verb := " come along."
		if holdings.Notes+holdings.Profiles == 1 {
			verb = " comes along."
		}
		offer.Sentence = "Keep it for good: " + came + verb
	}
	return offer
}

func disc(p db.Profile) views.Disc { return views.Disc{Emoji: p.Emoji, Colour: p.Colour()} }

// byline is the discs of the active profiles, with their names.
func byline(profiles []db.Profile) []views.Disc {
	var discs []views.Disc
	for _, p := range profiles {
		if p.IsActive {
			d := disc(p)
			d.Label = p.Name
			discs = append(discs, d)
		}
	}
	return discs
}
