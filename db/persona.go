package db

import (
	"hash/fnv"
	"strings"
)

// A persona is the friendly face of an id: "simple-red-badger", shown as "Red Badger" with
// a badger on a red disc. It is computed from the id, so a stranger has one without a row.
//
// The lists must stay as they are: a change gives every stranger another name.
type persona struct {
	adjective string
	colour    string
	animal    animal
}

type animal struct{ name, emoji string }

func personaOf(id string) persona {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	n := h.Sum64()
	pick := func(count int) int {
		i := n % uint64(count)
		n /= uint64(count)
		return int(i)
	}
	return persona{
		animal:    animals[pick(len(animals))],
		colour:    Colours[pick(len(Colours))],
		adjective: adjectives[pick(len(adjectives))],
	}
}

func (p persona) slug() string { return p.adjective + "-" + p.colour + "-" + p.animal.name }

func (p persona) shownName() string {
	return strings.ToUpper(p.colour[:1]) + p.colour[1:] + " " + strings.ToUpper(p.animal.name[:1]) + p.animal.name[1:]
}

// GeneratedName is the name of a guest in full, such as "simple-red-badger". Its last two
// words are those of GeneratedProfile.
func GeneratedName(guestID string) string { return personaOf(GeneratedProfile(guestID).ID).slug() }

// Colours are the names of the discs' colours.
var Colours = []string{
	"red", "orange", "amber", "olive", "lime", "green", "mint", "teal",
	"sky", "blue", "indigo", "violet", "plum", "pink", "rose", "slate",
}

var adjectives = []string{
	"simple", "quiet", "bright", "gentle", "brave", "calm", "clever", "curious",
	"eager", "fair", "fond", "fresh", "glad", "golden", "happy", "honest",
	"jolly", "keen", "kind", "lively", "lucky", "merry", "mighty", "modest",
	"nimble", "patient", "polite", "proud", "sunny", "swift", "witty", "young",
}

var animals = []animal{
	{"badger", "🦡"}, {"fox", "🦊"}, {"octopus", "🐙"}, {"owl", "🦉"},
	{"turtle", "🐢"}, {"butterfly", "🦋"}, {"honeybee", "🐝"}, {"lizard", "🦎"},
	{"whale", "🐋"}, {"hedgehog", "🦔"}, {"penguin", "🐧"}, {"parrot", "🦜"},
	{"otter", "🦦"}, {"koala", "🐨"}, {"panda", "🐼"}, {"frog", "🐸"},
	{"dolphin", "🐬"}, {"flamingo", "🦩"}, {"sloth", "🦥"}, {"raccoon", "🦝"},
	{"unicorn", "🦄"}, {"squid", "🦑"}, {"crab", "🦀"}, {"llama", "🦙"},
	{"beaver", "🦫"}, {"bison", "🦬"}, {"bat", "🦇"}, {"bear", "🐻"},
	{"camel", "🐪"}, {"chipmunk", "🐿️"}, {"cricket", "🦗"}, {"crocodile", "🐊"},
	{"deer", "🦌"}, {"dodo", "🦤"}, {"dove", "🕊️"}, {"dragon", "🐉"},
	{"duck", "🦆"}, {"eagle", "🦅"}, {"elephant", "🐘"}, {"giraffe", "🦒"},
	{"goose", "🪿"}, {"gorilla", "🦍"}, {"hamster", "🐹"}, {"jellyfish", "🪼"},
	{"kangaroo", "🦘"}, {"leopard", "🐆"}, {"lion", "🦁"}, {"lobster", "🦞"},
	{"mammoth", "🦣"}, {"moose", "🫎"}, {"orangutan", "🦧"}, {"oyster", "🦪"},
	{"peacock", "🦚"}, {"phoenix", "🐦‍🔥"}, {"poodle", "🐩"}, {"rabbit", "🐇"},
	{"rooster", "🐓"}, {"seal", "🦭"}, {"shark", "🦈"}, {"snail", "🐌"},
	{"swan", "🦢"}, {"tiger", "🐅"}, {"wolf", "🐺"}, {"zebra", "🦓"},
}
