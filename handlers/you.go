package handlers

import (
	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

const signInIsOff = "Signing in is off on this server. Whoever runs it turns it on by setting GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET."

// you is the viewer's side of the page.
func (h *Handlers) you(v db.Viewer, has db.Holdings, state editorState) views.You {
	list := h.profileList(has.Profiles)
	list.Error = state.profilesError
	for i := range list.Items {
		if state.profile != nil && state.profile.ID == list.Items[i].ID {
			state.profile.CanRemove = list.Items[i].CanRemove
			list.Items[i] = *state.profile
		}
	}
	return views.You{Card: h.card(v, has), Profiles: list}
}

func (h *Handlers) card(v db.Viewer, has db.Holdings) views.Card {
	first := has.Profiles[0]
	if !v.IsGuest {
		card := views.Card{
			Disc: disc(first), Name: v.Name, IsUser: true,
			Where: "Saved on this server, in your account. Any browser where you sign in can open it.",
		}
		if v.HasAvatar {
			card.Avatar = "/avatar"
		}
		return card
	}
	who := "Only this browser can open it, until "
	if v.IsElsewhere {
		who = "This browser and your other devices can open it, until "
	}
	return views.Card{
		Disc: disc(first), Name: first.Name, GuestID: v.ID[:8],
		Where: "Saved on this server. " + who + v.Until.Format("2 January") +
			" and longer each time you come back.",
		SignIn: h.signInOffer(has),
	}
}

func (h *Handlers) signInOffer(has db.Holdings) *views.SignInOffer {
	if h.github == nil {
		return &views.SignInOffer{TurnsItOn: signInIsOff}
	}
	offer := &views.SignInOffer{IsOn: true, Sentence: "Keep it for good: what you write here comes along."}
	if h.Guests != GuestsOn {
		offer.Href = loginPath("/editor")
	}
	if come := holdings(has); come.String() != "" {
		verb := " come along."
		if come.IsOne() {
			verb = " comes along."
		}
		offer.Sentence = "Keep it for good: " + come.String() + verb
	}
	return offer
}

// holdings is what would come along, in words.
func holdings(has db.Holdings) views.Holdings {
	return views.Holdings{Notes: has.Notes, HasMore: has.HasMore, Profiles: has.StoredProfiles}
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
