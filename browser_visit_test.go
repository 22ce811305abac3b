package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/guestpad/guestpad/db"
)

// guestCard is the top of the card: emoji, name, and the beginning of the id.
var guestCard = regexp.MustCompile(`^(\S+)\s+(\w+(?: \w+)?)\s+Browsing as guest · id ([0-9a-f]{8})…`)

// persona is what the card says about a guest.
type persona struct{ emoji, name, id string }

func (p *tab) persona() persona {
	p.t.Helper()
	card := strings.TrimSpace(ask[string](p, matching("#card"), `function () { return this.innerText }`))
	found := guestCard.FindStringSubmatch(card)
	if found == nil {
		p.t.Fatalf("the card does not say which guest this is:\n%s", card)
	}
	return persona{found[1], found[2], found[3]}
}

func (p *tab) cookies() []*network.Cookie {
	p.t.Helper()
	found, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	return found.Cookies
}

func TestBrowserFirstPaintShowsWhoYouAreWithoutJavaScript(t *testing.T) {
	t.Parallel()
	stranger := visit(t, startProgram(t, "--demo")).withoutJavaScript()
	stranger.open("/")
	stranger.at("/editor")
	if asked, want := stranger.asked(), []string{"/", "/editor"}; !slices.Equal(asked, want) {
		t.Errorf("the browser asked for the pages %q, want %q", asked, want)
	}

	first := stranger.persona()
	_, animal, _ := strings.Cut(first.name, " ")
	fits := slices.ContainsFunc(db.SearchEmoji(animal, 48), func(e db.Emoji) bool { return e.Emoji == first.emoji })
	if !fits {
		t.Errorf("the guest is called %q and looks like %q", first.name, first.emoji)
	}
	stranger.valueOf(the("textbox", "Name").in("profiles"), first.name)
	stranger.has(matching("#body"))

	cookies := stranger.cookies()
	if len(cookies) != 1 {
		t.Fatalf("the browser holds %d cookies, want 1: %+v", len(cookies), cookies)
	}
	c := cookies[0]
	if c.Name != "__Host-guest" || !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || c.Session {
		t.Errorf("the cookie is %+v, want a lasting __Host-guest for / that is HttpOnly, Secure and SameSite=Lax", *c)
	}

	stranger.reload()
	if again := stranger.persona(); again != first {
		t.Errorf("after a reload the guest is %v, want %v", again, first)
	}
}

func TestBrowserScriptsReadNoCookieAndStoreNothing(t *testing.T) {
	t.Parallel()
	stranger := visit(t, startProgram(t, "--demo"))
	stranger.open("/")
	first := stranger.persona()
	stranger.reload()
	if again := stranger.persona(); again != first {
		t.Errorf("after a reload the guest is %v, want %v", again, first)
	}
	stranger.write(body, "Tea, and the moon")
	stranger.saved()
	stranger.onNote()
	stranger.tolerate("PerformanceIssue") // to read document.cookie is slow
	for _, store := range []string{"document.cookie", "Object.keys(localStorage).join()", "Object.keys(sessionStorage).join()"} {
		if held := evaluate[string](stranger, store); held != "" {
			t.Errorf("%s is %q, want nothing", store, held)
		}
	}
}

func TestBrowserVisitorsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "--demo")
	one, other := visit(t, program), visit(t, program)
	one.open("/editor")
	one.write(body, "The key is under the third flowerpot")
	one.saved()
	one.seesIn("note-list", "flowerpot")
	one.rewrite(theName, "Cordelia")
	one.press(kb.Tab)
	one.seesIn("card", "Cordelia")

	other.open("/editor")
	if one.persona().id == other.persona().id {
		t.Error("two visitors have the same id")
	}
	other.tolerate("status of 404")
	other.open(one.path())
	other.sees("There is nothing here")
	for _, path := range []string{one.path(), "/editor", "/login"} {
		other.open(path)
		for _, secret := range []string{"flowerpot", "Cordelia"} {
			if strings.Contains(evaluate[string](other, everything), secret) {
				t.Errorf("%s shows %q to somebody else", path, secret)
			}
		}
	}
}
