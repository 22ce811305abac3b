package handlers

import (
	"testing"
	"time"
)

func TestZZAGuestIsPurgedBeforeItsCookieExpires(t *testing.T) {
	s := newSite(t)
	v := s.newGuest()            // cookie issued at 0
	s.clock.advance(23*time.Hour + 10*time.Minute)
	id := v.write("words")        // seen_at = 23h10m
	s.clock.advance(55 * time.Minute)
	v.get("/editor/"+id).must(t, 200) // 24h05m: cookie renewed, the visit not noted (under an hour)
	s.clock.advance(720*time.Hour - 10*time.Minute) // the cookie is good for 10 more minutes
	p, err := s.db.Purge(t.Context(), 720*time.Hour)
	t.Logf("%+v %v", p, err)
	v.get("/editor/"+id).must(t, 200)
}
