//go:build bench

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// TestBench prints one table: what Guestpad does, what the least that could do the same
// does (the yardstick), and how the two compare. Machines are noisy, and differ; a ratio
// of two things measured in turns says more than either. No time makes it fail. A wrong
// answer does.
func TestBench(t *testing.T) {
	useDiskHere(t)
	collectLessOften() // as the program does, and for the yardsticks too
	var out table
	for _, line := range []struct {
		name  string
		bench func(*testing.T, *table)
	}{
		{"editor page", benchEditor},
		{"profile save", benchSave},
		{"autosave", benchAutosave},
		{"preview", benchPreview},
		{"many notes", benchManyNotes},
		{"import", benchImport},
		{"sign-in", benchSignIn},
		{"purge", benchPurge},
		{"memory", benchMemory},
		{"start", benchStart},
		{"size", benchSize},
		{"rekey", benchRekey}, // last: it leaves the disk busy for a while
	} {
		t.Run(line.name, func(t *testing.T) { line.bench(t, &out) })
	}
	out.print()
}

// useDiskHere puts temporary files on the disk of the current folder. The usual place for
// them may be in memory, where a flush costs nothing.
func useDiskHere(t *testing.T) {
	here, err := filepath.Abs(".")
	must(t, err)
	dir, err := os.MkdirTemp(here, ".bench-") //nolint:usetesting // this is where t.TempDir gets its folder from
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	t.Setenv("TMPDIR", dir)
	t.Setenv("GOTMPDIR", dir) // where t.TempDir looks first
}

const (
	// rounds is how often each of several things is measured, in turns. Many short rounds
	// are fairer than few long ones where something else runs as well.
	rounds = 11
	// perRound is how long a rate is measured at a time.
	perRound = 300 * time.Millisecond
)

// samples are measurements of one thing, one for each round.
type samples []float64

// inTurns measures several things round by round, so that a slow moment of the machine
// meets all of them.
func inTurns(rounds int, measure ...func() float64) []samples {
	taken := make([]samples, len(measure))
	for range rounds {
		for i, m := range measure {
			taken[i] = append(taken[i], m())
		}
	}
	return taken
}

func (s samples) median() float64 { return slices.Sorted(slices.Values(s))[len(s)/2] }

// over is the ratio to a yardstick, round by round.
func (s samples) over(yardstick samples) samples {
	ratios := make(samples, len(s))
	for i := range s {
		ratios[i] = s[i] / yardstick[i]
	}
	return ratios
}

// perSecond is how often a second clients can do something that do does once.
func perSecond(t *testing.T, clients int, do func(client, i int) error) float64 {
	t.Helper()
	start := time.Now()
	done := atOnce(t, clients, func(int) bool { return time.Since(start) < perRound }, do)
	return float64(done) / time.Since(start).Seconds()
}

// atOnce lets clients work side by side, each for as long as more says so. Do and more are
// told how often this client has done it before.
func atOnce(t *testing.T, clients int, more func(i int) bool, do func(client, i int) error) (done int) {
	t.Helper()
	counts, errs := make([]int, clients), make([]error, clients)
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			for i := 0; errs[n] == nil && more(i); i++ {
				errs[n] = do(n, i)
				counts[n]++
			}
		})
	}
	all.Wait()
	for n := range clients {
		must(t, errs[n])
		done += counts[n]
	}
	return done
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// table collects what TestBench prints.
type table struct{ rows []string }

// An aim is what a figure should be.
type aim struct {
	sign  string // "≥", "≤", or "" where there is no aim
	bound float64
}

func atLeast(bound float64) aim { return aim{"≥", bound} }
func atMost(bound float64) aim  { return aim{"≤", bound} }

var noAim aim

func (a aim) verdict(figure float64) string {
	switch {
	case a.sign == "":
		return ""
	case a.sign == "≥" && figure >= a.bound, a.sign == "≤" && figure <= a.bound:
		return "ok"
	}
	return "short"
}

func (a aim) String() string {
	if a.sign == "" {
		return ""
	}
	return fmt.Sprintf("%s %g", a.sign, a.bound)
}

// compare adds a line about ours against a yardstick. The aim is about the ratio.
func (out *table) compare(what, unit string, ours, yardstick samples, aim aim) {
	ratio := ours.over(yardstick)
	out.add(what, figure(ours.median(), unit), figure(yardstick.median(), unit),
		fmt.Sprintf("%.2f (%.2f–%.2f)", ratio.median(), slices.Min(ratio), slices.Max(ratio)),
		aim.String(), aim.verdict(ratio.median()))
}

// figure adds a line about a figure that has no yardstick but its aim.
func (out *table) figure(what, unit string, ours samples, aim aim) {
	spread := ""
	if len(ours) > 1 {
		spread = fmt.Sprintf("(%.0f–%.0f)", slices.Min(ours), slices.Max(ours))
	}
	out.add(what, figure(ours.median(), unit), "", spread, strings.TrimSpace(aim.String()+" "+unit), aim.verdict(ours.median()))
}

func figure(value float64, unit string) string {
	if value < 100 {
		return fmt.Sprintf("%.1f %s", value, unit)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}

func (out *table) add(cells ...string) { out.rows = append(out.rows, strings.Join(cells, "\t")) }

func (out *table) print() {
	fmt.Printf("\n%d processors, %s. Client and server share them; the client is a minimal one on kept-alive loopback connections.\n",
		runtime.GOMAXPROCS(0), runtime.Version())
	fmt.Print("Medians of rounds that are measured in turns; the ratio is the median, the least and the greatest of each round's.\n\n")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tours\tyardstick\tratio\taim\t")
	for _, row := range out.rows {
		fmt.Fprintln(w, row)
	}
	_ = w.Flush()
	fmt.Print(forScale)
}

const forScale = `
For scale, figures of others: a Next.js demo serves 313 identities/s and shows the first one after 6 serial requests
and 480 ms; PocketBase saves at 0.5 of raw, serves views at 0.25 of bare, and is a binary of 44 MB; Better Auth
upgrades a guest of 10 rows at 0.03.

`
