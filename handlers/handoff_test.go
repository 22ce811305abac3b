package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var handoffLink = regexp.MustCompile(`value="[^"]+(/continue\?code=[^"]+)"`)

// handsOff makes a link for another device.
func (v *visitor) handsOff() (link string) {
	v.t.Helper()
	a := v.post("/continue/start", url.Values{}).must(v.t, 200).has(v.t, "Waiting for the other device", "<svg class=\"qr\"")
	found := handoffLink.FindStringSubmatch(a.body)
	if found == nil {
		v.t.Fatalf("there is no link in\n%.2000s", a.body)
	}
	return found[1]
}

// goesOn uses a link.
func (v *visitor) goesOn(link string) answer {
	v.t.Helper()
	_, code, _ := strings.Cut(link, "code=")
	return v.post("/continue", url.Values{"code": {code}}, header{"User-Agent", safari})
}

func TestAGuestGoesOnOnAnotherDevice(t *testing.T) {
	s := newSite(t)
	desk, phone := s.newGuest(), s.newGuest()
	id := desk.write("# Written at the desk")
	link := desk.handsOff()
	for range 2 { // looking at it does not use it up
		phone.get(link).must(t, 200).has(t, "With 1 note", "Only if you made this link yourself").hasNot(t, "of its own")
	}
	phone.get(phone.goesOn(link).must(t, 303).location()).must(t, 200).has(t, "guest of your other device", "Written at the desk", "your other devices can open it")
	desk.get("/editor").must(t, 200).has(t, "your other devices can open it").hasNot(t, "Only this browser")
	if phone.guestID() != desk.guestID() {
		t.Error("the phone is another guest")
	}
	desk.get("/continue/state", htmx).must(t, 200).has(t, "Safari on iOS is you now").hasNot(t, "hx-get")
	desk.get("/settings").must(t, 200).has(t, "Safari on iOS, since")
	phone.write("# Written on the phone")
	desk.get("/editor/"+id).must(t, 200).has(t, "Written on the phone")
	// It works once.
	s.newGuest().goesOn(link).must(t, 404).has(t, "works once")
	s.newGuest().get(link).must(t, 404)
	// When one of them signs in, the other one is a stranger again.
	desk.signIn("ada")
	phone.get("/editor").must(t, 200).hasNot(t, "Written at the desk", "Ada")
	if strings.Contains(s.log.String(), strings.TrimPrefix(link, "/continue?code=")) {
		t.Error("the log holds the code")
	}
}

func TestALinkForAnotherDeviceIsUsedOnceAndForMinutes(t *testing.T) {
	s := newSite(t)
	desk := s.newGuest()
	desk.write("# Mine")
	former, link := desk.handsOff(), desk.handsOff()
	s.newGuest().goesOn(former).must(t, 404) // the new one replaced it
	var others []*visitor
	for range 8 {
		others = append(others, s.newGuest())
	}
	var wg sync.WaitGroup
	statuses := make(chan int, len(others))
	for _, other := range others {
		wg.Go(func() { statuses <- other.goesOn(link).StatusCode })
	}
	wg.Wait()
	close(statuses)
	used := 0
	for status := range statuses {
		if status == 303 {
			used++
		} else if status != 404 {
			t.Errorf("status %d", status)
		}
	}
	if used != 1 {
		t.Errorf("%d devices used the link", used)
	}
	late := desk.handsOff()
	s.clock.advance(5*time.Minute + time.Second)
	s.newGuest().goesOn(late).must(t, 404)
	desk.get("/continue/state", htmx).must(t, 200).has(t, "has expired")
}

func TestALinkForAnotherDeviceNeverWorksForUsers(t *testing.T) {
	s := newSite(t)
	desk, user := s.newGuest(), s.newGuest()
	desk.write("# Mine")
	user.write("# The user's")
	user.signIn("grace")
	user.post("/continue/start", url.Values{}).must(t, 303)
	user.get("/settings").must(t, 200).hasNot(t, "Other devices")
	link := desk.handsOff()
	user.get(link).must(t, 409).has(t, "You are signed in here")
	user.goesOn(link).must(t, 409)
	// The guest signs in before the link is used: it is dead.
	desk.signIn("ada")
	other := s.newGuest()
	other.get(link).must(t, 404)
	other.goesOn(link).must(t, 404)
	if n := s.rows(`SELECT count(*) FROM handoffs WHERE used_at IS NOT NULL`); n != 0 {
		t.Errorf("%d links were used", n)
	}
}

func TestADeviceWithNotesOfItsOwnIsWarned(t *testing.T) {
	s := newSite(t)
	desk, phone := s.newGuest(), s.newGuest()
	desk.write("# Mine")
	phone.write("# The phone's own")
	phone.get(desk.handsOff()).must(t, 200).has(t, "This browser has 1 note of its own")
}
