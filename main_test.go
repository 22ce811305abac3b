package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// refusal runs guestpad with settings that must stop it, and returns what it says.
func refusal(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"--data=" + t.TempDir()}, args...)...)
	cmd.Env = append(cleanEnv(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Errorf("%v %v: ended without an error", env, args)
		}
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		t.Errorf("%v %v: started", env, args)
		<-ended
	}
	return stderr.String()
}

func TestABadSettingStopsTheStartWithItsNameAndWhatItWants(t *testing.T) {
	t.Parallel()
	short := "c2hvcnQ="
	for _, c := range []struct {
		env, flag string
		wants     string
	}{
		{"GUESTPAD_ADDR=nowhere", "--addr=nowhere", "HOST:PORT"},
		{"GUESTPAD_ADDR=256.0.0.1:80", "--addr=256.0.0.1:80", "listen"},
		{"GUESTPAD_URL=notes.example.org", "--url=notes.example.org", "https://"},
		{"GUESTPAD_URL=ftp://notes.example.org", "--url=ftp://notes.example.org", "https://"},
		{"GUESTPAD_URL=https://example.org/notes", "--url=https://example.org/notes", "without a path"},
		{"GUESTPAD_DATABASE_URL=postgres://x@y/z", "--database-url=postgres://x@y/z", "sqlite:PATH"},
		{"GUESTPAD_SECRETS=" + short, "--secrets=" + short, "at least 32"},
		{"GUESTPAD_SECRETS=%%%", "--secrets=%%%", "base64"},
		{"GUESTPAD_GUEST_TTL=5", "--guest-ttl=5", "720h"},
		{"GUESTPAD_GUEST_TTL=1m", "--guest-ttl=1m", "1h"},
		{"GUESTPAD_GUEST_TTL=99999h", "--guest-ttl=99999h", "9240h"},
		{"GUESTPAD_MAX_NOTES=none", "--max-notes=none", "whole number"},
		{"GUESTPAD_WRITES_PER_MINUTE=0", "--writes-per-minute=0", "from 1"},
		{"GUESTPAD_METRICS=nowhere", "--metrics=nowhere", "localhost:9090"},
		{"GUESTPAD_METRICS=:0", "--metrics=:0", "loopback"},
		{"GUESTPAD_GUESTS=maybe", "--guests=maybe", "on, read-only or off"},
		{"GUESTPAD_GUESTS=off", "--guests=off", "no way in"},
		{"GUESTPAD_TRUSTED_PROXIES=10.0.0.1/99", "", "CIDR"},
		{"GUESTPAD_GITHUB_URL=nowhere", "", "https://"},
		{"GUESTPAD_GITHUB_API_URL=nowhere", "", "https://"},
		{"GITHUB_CLIENT_ID=x", "", "both"},
		{"GITHUB_CLIENT_SECRET=x", "", "both"},
	} {
		name, _, _ := strings.Cut(c.env, "=")
		assertRefusal(t, c.env, refusal(t, []string{c.env}), name, c.wants)
		if flag, _, isFlag := strings.Cut(c.flag, "="); isFlag {
			assertRefusal(t, c.flag, refusal(t, nil, c.flag), flag, c.wants)
		}
	}
}

func assertRefusal(t *testing.T, setting, said, name, wants string) {
	t.Helper()
	if !strings.HasPrefix(said, "guestpad: ") || !strings.Contains(said, name) || !strings.Contains(said, wants) || strings.Count(said, "\n") != 1 {
		t.Errorf("%s: it says %q", setting, said)
	}
}

func TestTheDemoStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--demo", "--addr=:0"}, {"--demo", "--addr=0.0.0.0:0"}, {"--demo", "--addr=[::]:0"},
		{"--demo", "--addr=localhost:0", "--url=https://notes.example.org"},
	} {
		if said := refusal(t, nil, args...); !strings.Contains(said, "--demo") || !strings.Contains(said, "anyone") {
			t.Errorf("%v: it says %q", args, said)
		}
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(binary, "--help").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"GUESTPAD_ADDR", "--addr", "GUESTPAD_URL", "--url", "GUESTPAD_DATA", "--data", "GUESTPAD_DATABASE_URL", "--database-url",
		"GUESTPAD_SECRETS", "--secrets", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "GUESTPAD_GITHUB_URL", "GUESTPAD_GITHUB_API_URL",
		"GUESTPAD_GUEST_TTL", "--guest-ttl", "GUESTPAD_MAX_NOTES", "--max-notes", "GUESTPAD_WRITES_PER_MINUTE", "--writes-per-minute", "GUESTPAD_GUESTS", "--guests", "GUESTPAD_METRICS", "--metrics", "GUESTPAD_TRUSTED_PROXIES", "--demo",
	} {
		if !strings.Contains(string(out), name) {
			t.Errorf("%s is missing in\n%s", name, out)
		}
	}
	for line := range strings.Lines(string(out)) {
		if len(line) > 101 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}

// TestEverySettingTakesEffect starts with settings from the environment, then with the
// same as flags, and looks at what each changes.
func TestEverySettingTakesEffect(t *testing.T) {
	t.Parallel()
	secret := "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="
	for _, way := range []string{"environment", "flags"} {
		t.Run(way, func(t *testing.T) {
			dir := t.TempDir()
			p := &program{t: t, data: dir}
			settings := map[string]string{
				"GUESTPAD_URL": "https://notes.example.org", "GUESTPAD_DATABASE_URL": "sqlite:" + filepath.Join(dir, "other.db"),
				"GUESTPAD_SECRETS": secret, "GUESTPAD_GUEST_TTL": "48h", "GUESTPAD_ADDR": "127.0.0.1:0", "GUESTPAD_DATA": filepath.Join(dir, "folder"),
			}
			var args []string
			for name, value := range settings {
				if way == "environment" {
					p.env = append(p.env, name+"="+value)
				} else {
					args = append(args, "--"+strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "GUESTPAD_"), "_", "-"))+"="+value)
				}
			}
			p.env = append(p.env, "GITHUB_CLIENT_ID=the-client", "GITHUB_CLIENT_SECRET=x", "GUESTPAD_GITHUB_URL=https://github.example.org/base",
				"GUESTPAD_GITHUB_API_URL=https://api.example.org", "GUESTPAD_TRUSTED_PROXIES=127.0.0.0/8")
			p.startWith(args)
			t.Cleanup(p.stop)
			if p.url != "https://notes.example.org" || !strings.Contains(p.logged(), "addr=127.0.0.1:") {
				t.Errorf("url %q, log %s", p.url, p.logged())
			}
			_, address, _ := strings.Cut(p.logged(), "addr=")
			address, _, _ = strings.Cut(address, "\n")
			response, err := http.Get("http://" + strings.TrimSpace(address) + "/editor")
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if c := response.Cookies(); len(c) != 1 || c[0].Name != "__Host-guest" || c[0].MaxAge != (48+15*24)*60*60 {
				t.Errorf("cookies = %v", c)
			}
			if response.Header.Get("Strict-Transport-Security") == "" || !strings.Contains(response.Header.Get("Content-Security-Policy"), "form-action 'self' https://github.example.org;") {
				t.Errorf("headers = %v", response.Header)
			}
			if _, err := os.Stat(filepath.Join(dir, "other.db")); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "folder", "guestpad.secrets")); err == nil {
				t.Error("secrets were generated beside those that were set")
			}
		})
	}
}

// browser is a client with cookies that says that it comes from our own pages.
type browser struct {
	t      testing.TB
	client *http.Client
	base   string
}

func (p *program) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &browser{t: p.t, base: p.url, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

func (b *browser) get(path string) (status int, body string) {
	b.t.Helper()
	return b.send("GET", path, nil)
}

func (b *browser) write(body string) (status int) {
	b.t.Helper()
	status, _ = b.send("POST", "/notes", url.Values{"body": {body}})
	return status
}

func (b *browser) send(method, path string, form url.Values) (status int, body string) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestARestartForgetsNobody(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	b := p.browser()
	b.get("/editor")
	b.write("kept over a restart")
	p.stop()
	secrets := filepath.Join(p.data, "guestpad.secrets")
	if info, err := os.Stat(secrets); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secrets: %v, %v", info, err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	p.start("--addr=localhost:" + port) // cookies belong to host and path, the port is free again
	if _, page := b.get("/editor"); !strings.Contains(page, "kept over a restart") {
		t.Error("the guest's note is gone")
	}
}

func TestKilledInTheMiddleItHealsAndKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	for round := range 5 {
		b := p.browser()
		b.get("/editor")
		acknowledged := make(chan string, 1000)
		writing := make(chan struct{})
		go func() {
			defer close(acknowledged)
			for i := range 1000 {
				body := fmt.Sprintf("note %d-%d", round, i)
				r, err := http.NewRequest("POST", p.url+"/notes", strings.NewReader("body="+url.QueryEscape(body)))
				if err != nil {
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				client := *b.client
				client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				response, err := client.Do(r)
				if err != nil {
					return // it was killed
				}
				_ = response.Body.Close()
				if response.StatusCode == 303 {
					acknowledged <- body
				}
				if i == 20 {
					close(writing)
				}
			}
		}()
		<-writing
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-p.done
		p.start()
		b.base = p.url
		var all strings.Builder
		for path := "/editor"; path != ""; {
			_, page := b.get(path)
			all.WriteString(page)
			path = ""
			if _, rest, found := strings.Cut(page, `href="/editor?from=`); found {
				cursor, _, _ := strings.Cut(rest, `"`)
				path = "/editor?from=" + cursor
			}
		}
		for body := range acknowledged {
			if !strings.Contains(all.String(), body+"<") {
				t.Errorf("%q was acknowledged and is gone", body)
			}
		}
	}
}

func TestSeveralProcessesMayStartAtOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p := &program{t: t, data: data}
			p.start()
			b := p.browser()
			b.get("/editor")
			if status := b.write("x"); status != 200 { // after the redirect to the note
				t.Errorf("status %d", status)
			}
			p.stop()
		})
	}
	wg.Wait()
}

func TestSIGTERMLetsARequestFinish(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	b := p.browser()
	b.get("/editor")
	b.client.CloseIdleConnections()
	at, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	// A request whose body is still on its way when the signal comes.
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = "body=half+and+half"
	head := fmt.Sprintf("POST /notes HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
		at.Host, b.client.Jar.Cookies(at)[0], len(body))
	if _, err := io.WriteString(conn, head+body[:9]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return p.unread(t) == 0 })
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !p.accepts() })
	if _, err := io.WriteString(conn, body[9:]); err != nil {
		t.Fatal(err)
	}
	if status, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(status, "303") {
		t.Errorf("the request ended with %q, %v", status, err)
	}
	<-p.done
	if p.err != nil {
		t.Errorf("the program ended with %v\n%s", p.err, p.logged())
	}
}

// unread is how many bytes the program's connections hold that it has not read yet, and
// 1 while none is established.
func (p *program) unread(t testing.TB) (bytes int64) {
	t.Helper()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skip("the kernel does not tell what is unread: ", err)
	}
	established := 0
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 4 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) && f[3] == "01" {
			established++
			_, queue, _ := strings.Cut(f[4], ":")
			n, _ := strconv.ParseInt(queue, 16, 64)
			bytes += n
		}
	}
	if established == 0 {
		return 1
	}
	return bytes
}

// accepts tells whether the program still takes connections.
func (p *program) accepts() bool {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// waitFor waits for an effect.
func waitFor(t testing.TB, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 15 s")
		}
	}
}

func TestSlowAndOversizedHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	address := strings.TrimPrefix(p.url, "http://")
	t.Run("too large", func(t *testing.T) {
		r, err := http.NewRequest("GET", p.url+"/healthz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Large", strings.Repeat("x", 40<<10))
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("status %d", response.StatusCode)
		}
	})
	t.Run("slow body", func(t *testing.T) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nbody="); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("the connection ended with %v", err)
		}
	})
	t.Run("too slow", func(t *testing.T) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
			t.Fatal(err)
		}
		// The server gives up and closes: the read ends before our own deadline.
		if _, err := bufio.NewReader(conn).ReadString('\x00'); err != io.EOF {
			t.Errorf("the connection ended with %v", err)
		}
	})
}
