package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// maxUpload is how much one import may send, in bytes.
	maxUpload = 32 << 20
	// uploadBody is that with what a form puts around its files.
	uploadBody = maxUpload + 1<<20
	// uploadPatience is how long an upload may take: the whole of it at half a megabit a
	// second. The server's own patience is for a page.
	uploadPatience = 10 * time.Minute
	// importPatience is how long may pass from the upload to the end of its answer.
	importPatience = 2 * time.Minute
	// uploadsAtOnce bounds the disk and the memory that uploads take. Others wait for
	// uploadTurn, and then are asked to come again.
	uploadsAtOnce = 8
	uploadTurn    = 10 * time.Second
)

var uploadTooLarge = &userError{
	Code: http.StatusRequestEntityTooLarge, Title: "That is more than 32 MiB",
	Text: "Guestpad takes 32 MiB in one go, so nothing was imported. Your files are as they were: go back and choose fewer at a time, or unpack the zip and choose its files.",
}

// maxUploadBody lets a form with files in, at most limit bytes of it, and leaves the
// reading to its handler, which knows by then who asks. What nobody has read is thrown
// away before the answer is sent: a browser that is cut off while it sends shows an error
// of its own instead of our words.
func maxUploadBody(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			body := r.Body
			defer func() { _, _ = io.CopyN(io.Discard, body, 4*limit) }()
			contentType, _, _ := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
			if contentType != echo.MIMEMultipartForm {
				return echo.ErrUnsupportedMediaType
			}
			if r.ContentLength > limit {
				return uploadTooLarge
			}
			r.Body = http.MaxBytesReader(c.Response(), body, limit)
			return next(c)
		}
	}
}

// takeUploadTurn waits for a place among the uploads, and returns what gives it back.
func (h *Handlers) takeUploadTurn(ctx context.Context) (done func(), err error) {
	patience := time.NewTimer(uploadTurn)
	defer patience.Stop()
	select {
	case h.limits.uploads <- struct{}{}:
		return func() { <-h.limits.uploads }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-patience.C:
		return nil, &userError{Code: http.StatusServiceUnavailable, Title: "Many people are importing right now", RetryAfter: uploadTurn,
			Text: "Nothing was imported, and your files are as they were. Please send them again in a few seconds."}
	}
}

// keepUpload reads the whole upload into a file before anybody looks at it: one that
// breaks off imports nothing.
func keepUpload(c echo.Context) (upload *os.File, remove func(), err error) {
	control := http.NewResponseController(c.Response())
	_ = control.SetReadDeadline(time.Now().Add(uploadPatience))
	_ = control.SetWriteDeadline(time.Now().Add(uploadPatience + importPatience))
	upload, remove, err = keep(c.Request().Body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		// When the time to read a request is over, the server takes it for broken off.
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Now().Add(importPatience))
		return upload, remove, nil
	case errors.As(err, &tooLarge):
		return nil, nil, uploadTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil, &userError{Code: http.StatusRequestTimeout, Title: "That took too long", cause: err,
			Text: "Your files did not arrive in time, so nothing was imported. They are as they were: please send fewer at a time."}
	case isDiskError(err):
		return nil, nil, &userError{Code: http.StatusServiceUnavailable, Title: "There is no room for files right now", cause: err, RetryAfter: uploadTurn,
			Text: "This server could not keep what you sent, so nothing was imported. Your files are as they were: please try again later."}
	}
	return nil, nil, echo.ErrBadRequest.WithInternal(err)
}

func isDiskError(err error) bool {
	var onDisk *fs.PathError
	return errors.As(err, &onDisk)
}

// keep copies what it reads into a temporary file, and puts it at its beginning.
func keep(r io.Reader) (file *os.File, remove func(), err error) {
	file, err = os.CreateTemp("", "guestpad-upload-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a temporary file: %w", err)
	}
	// Where a file may be removed while it is open, nothing is left if the program is killed.
	_ = os.Remove(file.Name())
	remove = func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}
	if _, err = io.Copy(file, r); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("keep an upload: %w", err)
	}
	return file, remove, nil
}
