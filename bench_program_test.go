//go:build bench

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/guestpad/guestpad/db"
)

// useRelease makes startProgram run the program as it is released, until the test ends.
func useRelease(t *testing.T) {
	t.Helper()
	built := binary
	t.Cleanup(func() { binary = built })
	binary = filepath.Join(t.TempDir(), "guestpad")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
}

// benchMemory looks at the program's memory after pages and saves.
func benchMemory(t *testing.T, out *table) {
	const requests = 20_000
	useRelease(t)
	p := startProgram(t, "--demo", "--writes-per-minute=1000000")
	clients, cookies := connectAllTo(t, addrOf(t, p), readers), make([]string, readers)
	for n, c := range clients {
		cookies[n] = c.must(c.get("/editor", "")).cookie("__Host-guest")
	}
	mixed := func(n, i int) error {
		c, cookie := clients[n], cookies[n]
		if i%2 == 0 {
			return c.want(c.get("/editor", ""), http.StatusOK, "</textarea>", "</html>")
		}
		if i%4 == 1 {
			return c.want(c.get("/editor", cookie, "Accept-Encoding: gzip"), http.StatusOK, "\x1f\x8b", "")
		}
		id, err := guestID(cookie)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("Badger %d of %d", i, n)
		form := url.Values{"emoji": {"🦡"}, "name": {name}, "is_active": {"true"}}
		return c.want(c.form(http.MethodPut, "/profiles/"+db.GeneratedProfile(id).ID, cookie, form), http.StatusOK, name, "")
	}
	atOnce(t, readers, func(i int) bool { return i < requests/readers }, mixed)
	time.Sleep(2 * time.Second) // what it holds, not what it needed for a moment
	out.figure(fmt.Sprintf("memory after %d pages and saves", requests), "MB", samples{residentMegabytes(t, p.cmd.Process.Pid)}, atMost(64))
}

func addrOf(t *testing.T, p *program) string {
	t.Helper()
	at, err := url.Parse(p.url)
	must(t, err)
	return at.Host
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// residentMegabytes needs Linux.
func residentMegabytes(t *testing.T, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip(err)
	}
	found := residentLine.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmRSS in:\n%s", status)
	}
	kilobytes, err := strconv.ParseFloat(string(found[1]), 64)
	must(t, err)
	return kilobytes * 1024 / 1e6
}

// benchStart times the program from its start to its first page. It was started before,
// so that the database exists and the files are in memory.
func benchStart(t *testing.T, out *table) {
	useRelease(t)
	p := startProgram(t)
	var taken samples
	for range 10 {
		p.stop()
		start := time.Now()
		p.start()
		c := connectTo(t, addrOf(t, p))
		must(t, c.want(c.get("/editor", ""), http.StatusOK, "</textarea>", "</html>"))
		taken = append(taken, time.Since(start).Seconds()*1000)
	}
	out.figure("start to first page, 10 times", "ms", taken, atMost(60))
}

// benchSize weighs the program as it is released.
func benchSize(t *testing.T, out *table) {
	useRelease(t)
	info, err := os.Stat(binary)
	must(t, err)
	out.figure("binary", "MB", samples{float64(info.Size()) / 1e6}, atMost(25))
}
