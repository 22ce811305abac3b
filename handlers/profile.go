package handlers

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/views"
)

// addProfile answers POST /profiles (emoji, name, is_active; all may be left out).
func (h *Handlers) addProfile(c echo.Context) error {
	profile := db.SuggestedProfile(uuid.NewString())
	if c.Request().PostForm.Has("emoji") || c.Request().PostForm.Has("name") {
		profile = profileFrom(c, profile.ID)
	}
	has, err := h.DB.AddProfile(c.Request().Context(), viewer(c), profile)
	noteWrite(c, err)
	if limit := new(db.LimitError); errors.As(err, &limit) {
		return h.refuseProfiles(c, "You have 12 profiles, which is as many as there can be. Remove one first.")
	}
	if message := invalidFields(err); message != nil {
		return h.refuseProfiles(c, message.emoji+message.name)
	}
	if err != nil {
		return err
	}
	return h.showProfiles(c, has)
}

// updateProfile answers PUT /profiles/:id (emoji, name, is_active). With the field "find"
// it saves nothing and shows the palette for the field "q": the search without JavaScript.
func (h *Handlers) updateProfile(c echo.Context) error {
	typed := profileFrom(c, c.Param("id"))
	form := profileForm(typed)
	form.Palette = h.palette(typed.Emoji, field(c, "q"))
	if field(c, "find") != "" {
		form.Palette.IsOpen = true
		return h.showEditorBehind(c, http.StatusOK, editorState{profile: &form})
	}
	has, err := h.DB.UpdateProfile(c.Request().Context(), viewer(c), typed)
	noteWrite(c, err)
	if message := invalidFields(err); message != nil {
		form.NameError, form.EmojiError = message.name, message.emoji
		form.Palette.IsOpen = message.emoji != ""
		return h.refuseProfile(c, form)
	}
	if err != nil {
		return err
	}
	saved, err := has.Profile(typed.ID)
	if err != nil {
		return err
	}
	form = profileForm(saved)
	form.Palette = h.palette(saved.Emoji, field(c, "q"))
	form.State = saved.Name + " is saved."
	return h.showProfile(c, form, has)
}

// deleteProfile answers DELETE /profiles/:id.
func (h *Handlers) deleteProfile(c echo.Context) error {
	has, err := h.DB.DeleteProfile(c.Request().Context(), viewer(c), c.Param("id"))
	if errors.Is(err, db.ErrLastProfile) {
		return h.refuseProfiles(c, "This is your only profile, so it has to stay. Change it, or add another one first.")
	}
	if err != nil {
		return err
	}
	return h.showProfiles(c, has)
}

// showProfile answers with a profile that was saved, and with what else on the page shows
// it.
func (h *Handlers) showProfile(c echo.Context, form views.ProfileForm, has db.Holdings) error {
	if !wantsPartial(c) {
		return c.Redirect(http.StatusSeeOther, h.editorBehind(c))
	}
	form.CanRemove = len(has.Profiles) > 1
	return h.render(c, http.StatusOK, views.ProfileFormView(form),
		views.CardPartial(h.card(viewer(c), has)), views.BylinePartial(byline(has.Profiles)))
}

// refuseProfile answers with a profile as it was typed, and with what is wrong with it.
func (h *Handlers) refuseProfile(c echo.Context, form views.ProfileForm) error {
	if !wantsPartial(c) {
		return h.showEditorBehind(c, http.StatusUnprocessableEntity, editorState{profile: &form})
	}
	has, err := h.DB.Holdings(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	form.CanRemove = len(has.Profiles) > 1
	return h.render(c, http.StatusUnprocessableEntity, views.ProfileFormView(form))
}

// showProfiles answers with the list of profiles after a change, and with what else on
// the page shows them.
func (h *Handlers) showProfiles(c echo.Context, has db.Holdings) error {
	if !wantsPartial(c) {
		return c.Redirect(http.StatusSeeOther, h.editorBehind(c))
	}
	you := h.you(viewer(c), has, editorState{})
	return h.render(c, http.StatusOK, views.ProfileListView(you.Profiles),
		views.CardPartial(you.Card), views.BylinePartial(byline(has.Profiles)))
}

// refuseProfiles answers with the list of profiles as it is, and with why it did not change.
func (h *Handlers) refuseProfiles(c echo.Context, message string) error {
	state := editorState{profilesError: message}
	if !wantsPartial(c) {
		return h.showEditorBehind(c, http.StatusUnprocessableEntity, state)
	}
	has, err := h.DB.Holdings(c.Request().Context(), viewer(c))
	if err != nil {
		return err
	}
	return h.render(c, http.StatusUnprocessableEntity, views.ProfileListView(h.you(viewer(c), has, state).Profiles))
}

// searchEmoji answers GET /emoji (q, profile): the choices of a palette.
func (h *Handlers) searchEmoji(c echo.Context) error {
	return h.render(c, http.StatusOK, views.EmojiField(c.QueryParam("profile"), h.palette(c.QueryParam("emoji"), c.QueryParam("q")).Choices))
}

func profileFrom(c echo.Context, id string) db.Profile {
	return db.Profile{ID: id, Emoji: field(c, "emoji"), Name: field(c, "name"), IsActive: field(c, "is_active") == "true"}
}

func (h *Handlers) profileList(profiles []db.Profile) views.ProfileList {
	list := views.ProfileList{CanAdd: len(profiles) < db.MaxProfiles}
	for _, p := range profiles {
		form := profileForm(p)
		form.Palette = h.palette(p.Emoji, "")
		form.CanRemove = len(profiles) > 1
		list.Items = append(list.Items, form)
	}
	return list
}

func profileForm(p db.Profile) views.ProfileForm {
	return views.ProfileForm{
		ID: p.ID, Action: "/profiles/" + p.ID, Disc: disc(p), Name: p.Name, IsActive: p.IsActive,
	}
}

// fieldMessages are the messages beside a profile's fields.
type fieldMessages struct{ emoji, name string }

// invalidFields is nil unless the error is about what was typed.
func invalidFields(err error) *fieldMessages {
	var messages *fieldMessages
	for _, e := range unjoin(err) {
		invalid := new(db.InvalidError)
		if !errors.As(e, &invalid) {
			continue
		}
		if messages == nil {
			messages = new(fieldMessages)
		}
		switch invalid.Field {
		case "emoji":
			messages.emoji = invalid.Message
		case "name":
			messages.name = invalid.Message
		}
	}
	return messages
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
