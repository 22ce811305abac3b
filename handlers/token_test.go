package handlers

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func ring(t testing.TB, now func() time.Time, secrets ...string) *keyring {
	t.Helper()
	var list [][]byte
	for _, s := range secrets {
		list = append(list, bytes.Repeat([]byte(s), MinSecretBytes))
	}
	k, err := newKeyring(list, now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tokenOf seals a token of each kind.
func tokenOf(t testing.TB, k *keyring, kind tokenKind) string {
	t.Helper()
	var c tokenClaims
	switch kind {
	case guestToken:
		c = &guestClaims{ID: uuid.NewString()}
	case loginToken:
		c = &loginClaims{State: "s", Verifier: "v", Next: "/editor"}
	case accessToken:
		c = &accessClaims{Token: "gho_x"}
	}
	token, err := k.seal(kind, c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestNoTokenIsAcceptedInAnothersPlace(t *testing.T) {
	k := ring(t, time.Now, "a")
	kinds := []tokenKind{guestToken, loginToken, accessToken}
	for _, sealed := range kinds {
		token := tokenOf(t, k, sealed)
		for _, slot := range kinds {
			_, err := k.open(slot, token, time.Hour, &guestClaims{})
			if (err == nil) != (sealed == slot) {
				t.Errorf("a %s token as %s: %v", sealed, slot, err)
			}
		}
	}
}

func TestEachKindHasKeysOfItsOwn(t *testing.T) {
	k := ring(t, time.Now, "a")
	for sealed, codecs := range k.codecs {
		value, err := codecs[0].Encode("the same name", &claims{})
		if err != nil {
			t.Fatal(err)
		}
		for slot, others := range k.codecs {
			if err := others[0].Decode("the same name", value, &claims{}); (err == nil) != (slot == sealed) {
				t.Errorf("sealed with the key of %s, opened with that of %s: %v", sealed, slot, err)
			}
		}
	}
}

func TestTheKindInsideTheTokenCountsToo(t *testing.T) {
	k := ring(t, time.Now, "a")
	// Sealed with the guest key, as if the keys were shared, but meant for a login.
	token, err := k.codecs[guestToken][0].Encode(string(guestToken), &guestClaims{claims: claims{Kind: loginToken, IssuedAt: time.Now().Unix()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.open(guestToken, token, time.Hour, &guestClaims{}); err == nil {
		t.Error("the token was opened")
	}
}

func TestAFormerSecretOpensAndAsksForAnewSeal(t *testing.T) {
	old, both, new := ring(t, time.Now, "a"), ring(t, time.Now, "b", "a"), ring(t, time.Now, "b")
	token := tokenOf(t, old, guestToken)
	if isOld, err := both.open(guestToken, token, time.Hour, &guestClaims{}); err != nil || !isOld {
		t.Errorf("old %v, %v", isOld, err)
	}
	if isOld, err := both.open(guestToken, tokenOf(t, both, guestToken), time.Hour, &guestClaims{}); err != nil || isOld {
		t.Errorf("new: old %v, %v", isOld, err)
	}
	if _, err := new.open(guestToken, token, time.Hour, &guestClaims{}); err == nil {
		t.Error("a retired secret opens")
	}
}

func TestTokensHaveAnAge(t *testing.T) {
	now := time.Now()
	k := ring(t, func() time.Time { return now }, "a")
	token := tokenOf(t, k, guestToken)
	for _, c := range []struct {
		after time.Duration
		ok    bool
	}{
		{0, true}, {time.Hour - time.Second, true}, {time.Hour + 2*time.Second, false},
		{-maxClockSkew + time.Second, true}, {-maxClockSkew - 2*time.Second, false},
	} {
		now = time.Now().Add(c.after)
		if _, err := k.open(guestToken, token, time.Hour, &guestClaims{}); (err == nil) != c.ok {
			t.Errorf("read %s after it was issued: %v", c.after, err)
		}
	}
}

func TestShortSecretsAreRefused(t *testing.T) {
	for _, secrets := range [][][]byte{nil, {make([]byte, 31)}, {make([]byte, 32), make([]byte, 5)}} {
		if _, err := newKeyring(secrets, time.Now); err == nil {
			t.Errorf("%d secrets were taken", len(secrets))
		}
	}
}

func TestALoginTokenIsEncryptedAndFitsACookie(t *testing.T) {
	k := ring(t, time.Now, "a")
	token, err := k.seal(loginToken, &loginClaims{State: newReference(), Verifier: "the-verifier", GuestID: uuid.NewString(), Next: "/" + strings.Repeat("n", 1023)})
	if err != nil || len(token) > 4000 {
		t.Fatalf("%d bytes, %v", len(token), err)
	}
	if bytes.Contains([]byte(token), []byte("verifier")) {
		t.Error("the verifier can be read")
	}
}

func FuzzToken(f *testing.F) {
	// Fixed, because each worker of the fuzzer runs this anew.
	issued := time.Date(2026, 11, 21, 14, 2, 0, 0, time.UTC)
	k := ring(f, func() time.Time { return issued }, "a", "b")
	valid, err := k.seal(guestToken, &guestClaims{ID: "3f2a91c0-5b1e-4c0e-9d6f-0a1b2c3d4e5f"})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", valid, valid + "x", valid[1:], "a|b|c", strings.Repeat("A", 5000), url.QueryEscape(valid)} {
		f.Add(seed)
	}
	var want guestClaims
	if _, err := k.open(guestToken, valid, time.Hour, &want); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []tokenKind{guestToken, loginToken, accessToken} {
			var got guestClaims
			if _, err := k.open(kind, s, time.Hour, &got); err == nil && (kind != guestToken || got != want) {
				t.Errorf("%q opens as %s: %+v", s, kind, got)
			}
		}
	})
}

func FuzzNext(f *testing.F) {
	for _, seed := range []string{"/editor", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "", "/", "/%2f/x", "/editor?x=1#y", "javascript:alert(1)", "/%2f\x8b"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "notes.example.org"}
	f.Fuzz(func(t *testing.T, s string) {
		next := safeNext(s)
		for _, r := range next {
			if r < ' ' || r == 0x7f {
				t.Fatalf("%q goes to %q", s, next)
			}
		}
		for _, to := range []string{next, withReceipt(next, "m")} {
			// What browsers make of it: a backslash is a slash.
			u, err := url.Parse(strings.ReplaceAll(to, "\\", "/"))
			if err != nil {
				continue // withReceipt leaves alone what cannot be parsed; it still begins with one slash
			}
			if there := base.ResolveReference(u); there.Host != base.Host || there.Scheme != base.Scheme {
				t.Errorf("%q goes to %s", s, there)
			}
		}
		if len(next) < 2 || next[0] != '/' || next[1] == '/' || next[1] == '\\' {
			t.Errorf("%q goes to %q", s, next)
		}
	})
}
