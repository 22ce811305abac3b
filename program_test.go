package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the very program that users run, built once for all tests of this package.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndTest(m))
}

func buildAndTest(m *testing.M) int {
	dir, err := os.MkdirTemp("", "guestpad-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "guestpad")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build guestpad: %v\n%s", err, out)
		return 1
	}
	defer stopBrowser()
	return m.Run()
}

// program is a running guestpad.
type program struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	data string
	env  []string
	done chan struct{} // closed when it has ended; err is how
	err  error

	mu  sync.Mutex
	log strings.Builder
}

var readyLine = regexp.MustCompile(`msg="guestpad is ready" url=(\S+)`)

// startProgram runs guestpad on a free loopback port, in a data folder of its own unless
// the arguments name one, and waits until it is ready. It is stopped with the test.
func startProgram(t testing.TB, args ...string) *program {
	t.Helper()
	p := &program{t: t, data: t.TempDir()}
	p.start(args...)
	t.Cleanup(p.stop)
	return p
}

func (p *program) start(args ...string) {
	p.t.Helper()
	p.startWith(append([]string{"--addr=localhost:0", "--data=" + p.data}, args...))
}

// startWith starts with these arguments alone.
func (p *program) startWith(args []string) {
	p.t.Helper()
	p.done = make(chan struct{})
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(cleanEnv(), p.env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ready := make(chan string, 1)
	go p.follow(stderr, ready)
	select {
	case p.url = <-ready:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("guestpad did not become ready:\n%s", p.logged())
	}
	if p.url == "" {
		p.t.Fatalf("guestpad stopped before it was ready:\n%s", p.logged())
	}
}

// follow keeps the log, hands over the URL, and waits for the end.
func (p *program) follow(stderr io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		if found := readyLine.FindStringSubmatch(lines.Text()); found != nil {
			ready <- found[1]
		}
	}
	close(ready)
	p.err = p.cmd.Wait()
	close(p.done)
}

// logged is what the program has logged so far.
func (p *program) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop asks the program to end and waits until it has.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		p.t.Errorf("guestpad did not stop within 20 s of SIGTERM:\n%s", p.logged())
	}
}

// cleanEnv is the environment without settings of Guestpad, so that a developer's own do
// not reach the tests.
func cleanEnv() []string {
	var env []string
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "GUESTPAD_") && !strings.HasPrefix(setting, "GITHUB_") {
			env = append(env, setting)
		}
	}
	return env
}
