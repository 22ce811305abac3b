package fakegithub

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// Approve does what a person does on the authorize page, over real HTTP: it posts the parameters of authorizeURL back
// to it, together with the choice, and returns where the browser would go next without going there.
//
// The choice holds the form fields "person", a login, and optionally "fault". The client may be nil for
// http.DefaultClient. A refused request is an error that quotes the page's reason.
func Approve(ctx context.Context, client *http.Client, authorizeURL string, choice url.Values) (*url.URL, error) {
	target, err := url.Parse(authorizeURL)
	if err != nil {
		return nil, fmt.Errorf("parse the authorize URL: %w", err)
	}
	form := target.Query()
	maps.Copy(form, choice)
	target.RawQuery = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("make the authorize request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := withoutRedirects(client).Do(req)
	if err != nil {
		return nil, fmt.Errorf("post the authorize form: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound {
		reason, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // what of it there is
		return nil, fmt.Errorf("post the authorize form: %s: %s", res.Status, strings.TrimSpace(string(reason)))
	}
	return res.Location()
}

// Deny is Approve for a person who doesn't.
func Deny(ctx context.Context, client *http.Client, authorizeURL string) (*url.URL, error) {
	return Approve(ctx, client, authorizeURL, url.Values{"deny": {"1"}})
}

func withoutRedirects(client *http.Client) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	stay := *client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &stay
}
