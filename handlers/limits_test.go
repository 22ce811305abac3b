package handlers

import (
	"net/url"
	"testing"
)

func TestAViewerWritesOnlySoMuchInAMinute(t *testing.T) {
	s := newSite(t, func(cfg *Config) { cfg.WritesPerMinute = 6 })
	v, other := s.newGuest(), s.newGuest()
	for range 3 {
		v.post("/notes", url.Values{"body": {"x"}}).must(t, 303)
	}
	a := v.post("/notes", url.Values{"body": {"typed too fast"}}).must(t, 429).has(t, "typed too fast", "6 changes", "try again")
	if a.Header.Get("Retry-After") != "10" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	other.post("/notes", url.Values{"body": {"x"}}).must(t, 303)
	v.get("/editor").must(t, 200)
}
