package fakegithub

import (
	"maps"
	"sync"
	"time"
)

const (
	codeLife  = 10 * time.Minute     // GitHub's documented lifetime of a code
	tokenLife = 365 * 24 * time.Hour // GitHub forgets a token that was unused for a year

	// maxGrants bounds the outstanding codes, and likewise the tokens. A demo left running for weeks stays small.
	maxGrants = 1024
)

// grant is what someone agreed to on the authorize page. A code stands for it first, then an access token.
type grant struct {
	person      Person
	fault       Fault
	redirectURI string
	challenge   string // PKCE, S256; empty if the app sent none
	expires     time.Time
}

// grants are the outstanding codes, or tokens. The zero value is empty and ready.
type grants struct {
	mu    sync.Mutex
	byKey map[string]grant
}

// put keeps g until it expires. When there is no room, it makes room by forgetting what would expire next.
func (gs *grants) put(key string, g grant, now time.Time) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if gs.byKey == nil {
		gs.byKey = make(map[string]grant)
	}
	maps.DeleteFunc(gs.byKey, func(_ string, old grant) bool { return old.expired(now) })
	if len(gs.byKey) >= maxGrants {
		delete(gs.byKey, gs.nextToExpire())
	}
	gs.byKey[key] = g
}

// get returns the grant behind key and leaves it there.
func (gs *grants) get(key string, now time.Time) (grant, bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g, ok := gs.byKey[key]
	return g, ok && !g.expired(now)
}

// take returns the grant behind key and removes it: of two takers at once, one gets it.
func (gs *grants) take(key string, now time.Time) (grant, bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g, ok := gs.byKey[key]
	delete(gs.byKey, key)
	return g, ok && !g.expired(now)
}

func (gs *grants) nextToExpire() string {
	var next string
	for key, g := range gs.byKey {
		if next == "" || g.expires.Before(gs.byKey[next].expires) {
			next = key
		}
	}
	return next
}

func (g grant) expired(now time.Time) bool { return !now.Before(g.expires) }
