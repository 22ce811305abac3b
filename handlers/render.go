package handlers

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/guestpad/guestpad/views"
)

// page is what every page needs around its content.
func (h *Handlers) page(title string) views.Page {
	return views.Page{Title: title, Assets: views.Assets{
		Base:      h.assets.URL("vendor/modern-normalize/modern-normalize-3.0.1.css"),
		Style:     h.assets.URL("guestpad.css"),
		Highlight: h.assets.URL("highlight.css"),
		Htmx:      h.assets.URL("vendor/htmx/htmx-4.0.1.min.js"),
		Icon:      h.assets.URL("icon.svg"),
		Scripts:   h.scripts,
	}}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render draws everything before it sends the status, so that what fails while drawing
// still becomes an error page. Several components are partials for several places.
func (h *Handlers) render(c echo.Context, status int, components ...templ.Component) error {
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	defer buffers.Put(buffer)
	for _, component := range components {
		if err := component.Render(c.Request().Context(), buffer); err != nil {
			return err
		}
	}
	// Otherwise net/http sends it in chunks. The compressing middleware drops it again.
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(buffer.Len()))
	return c.HTMLBlob(status, buffer.Bytes())
}

// wantsPartial tells whether htmx asked for a part of the page. When it restores the
// page for Back, it wants the whole of it.
func wantsPartial(c echo.Context) bool {
	header := c.Request().Header
	return header.Get("HX-Request") == "true" && header.Get("HX-History-Restore-Request") == ""
}

// redirect sends a browser on after an action, with or without htmx.
func redirect(c echo.Context, to string) error {
	if wantsPartial(c) {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}
