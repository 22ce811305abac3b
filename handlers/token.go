package handlers

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/guestpad/guestpad/handlers/secrets"
)

// tokenKind is what a token is for. Each kind has keys of its own, and the kind is in the
// token as well: no token is accepted in another's place.
type tokenKind string

const (
	guestToken  tokenKind = "guest"        // signed: who the guest is
	loginToken  tokenKind = "login"        // encrypted: a login that is on its way
	accessToken tokenKind = "access-token" // encrypted: GitHub's token, at rest
)

// MinSecretBytes is how long a secret must be.
const MinSecretBytes = secrets.MinBytes

// maxClockSkew is how far ahead of our clock a token may have been issued.
const maxClockSkew = 5 * time.Minute

var errBadToken = errors.New("the token is not valid")

// claims is what every token carries.
type claims struct {
	Kind     tokenKind `json:"kind"`
	IssuedAt int64     `json:"iat"` // unix seconds
}

type guestClaims struct {
	claims
	ID string `json:"id"`
}

type loginClaims struct {
	claims
	State    string `json:"state"`
	Verifier string `json:"verifier"` // PKCE, RFC 7636
	GuestID  string `json:"guest,omitempty"`
	Carry    bool   `json:"carry"`
	Next     string `json:"next"`
}

type accessClaims struct {
	claims
	Token string `json:"token"`
}

func (c *claims) header() *claims { return c }

// tokenClaims is a pointer to one of the claims above.
type tokenClaims interface{ header() *claims }

// keyring seals tokens with the newest secret and opens what any of the secrets sealed.
type keyring struct {
	now    func() time.Time
	codecs map[tokenKind][]*securecookie.SecureCookie // newest first
}

// newKeyring derives a key for each kind from each secret (HKDF, RFC 5869). The secrets
// come newest first.
func newKeyring(secrets [][]byte, now func() time.Time) (*keyring, error) {
	if len(secrets) == 0 {
		return nil, errors.New("at least one secret is needed")
	}
	k := &keyring{now: now, codecs: make(map[tokenKind][]*securecookie.SecureCookie)}
	for i, secret := range secrets {
		if len(secret) < MinSecretBytes {
			return nil, fmt.Errorf("secret %d has %d bytes; it needs at least %d", i+1, len(secret), MinSecretBytes)
		}
		for kind, isEncrypted := range map[tokenKind]bool{guestToken: false, loginToken: true, accessToken: true} {
			codec, err := newCodec(secret, kind, isEncrypted)
			if err != nil {
				return nil, err
			}
			k.codecs[kind] = append(k.codecs[kind], codec)
		}
	}
	return k, nil
}

func newCodec(secret []byte, kind tokenKind, isEncrypted bool) (*securecookie.SecureCookie, error) {
	hashKey, err := hkdf.Key(sha256.New, secret, nil, "guestpad "+string(kind)+" hash", 32)
	if err != nil {
		return nil, err
	}
	var blockKey []byte
	if isEncrypted {
		if blockKey, err = hkdf.Key(sha256.New, secret, nil, "guestpad "+string(kind)+" block", 32); err != nil {
			return nil, err
		}
	}
	// securecookie's own age check takes the real clock and accepts the future: open
	// checks iat instead.
	return securecookie.New(hashKey, blockKey).MaxAge(0).SetSerializer(securecookie.JSONEncoder{}), nil
}

// seal fills in kind and time and makes a token of at most 4096 bytes.
func (k *keyring) seal(kind tokenKind, c tokenClaims) (string, error) {
	*c.header() = claims{Kind: kind, IssuedAt: k.now().Unix()}
	return k.codecs[kind][0].Encode(string(kind), c)
}

// open reads a token that is at most maxAge old into c. isOld tells that a former secret
// sealed it, so that the caller can seal it anew. The error is errBadToken.
func (k *keyring) open(kind tokenKind, token string, maxAge time.Duration, c tokenClaims) (isOld bool, err error) {
	for i, codec := range k.codecs[kind] {
		if codec.Decode(string(kind), token, c) != nil {
			continue
		}
		issued, now := time.Unix(c.header().IssuedAt, 0), k.now()
		if c.header().Kind != kind || now.Sub(issued) > maxAge || issued.Sub(now) > maxClockSkew {
			return false, errBadToken
		}
		return i > 0, nil
	}
	return false, errBadToken
}

// newReference is a session token: 256 random bits that mean nothing. The database keeps
// hashReference of it.
func newReference() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func hashReference(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
