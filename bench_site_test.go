//go:build bench

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/textproto"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/handlers"
)

// A site is Guestpad in this process, served as the program serves it. Its log is
// written, but to nowhere.
type site struct {
	t     *testing.T
	addr  string
	store *db.DB
	// browser prepares what is measured with others.
	browser *client
}

func startSite(t *testing.T) *site {
	t.Helper()
	log := discardingLog()
	store, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "guestpad.db"), Log: log})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	s := &site{t: t, store: store}
	s.addr = listenAndServe(t, func(addr string) http.Handler {
		at := &url.URL{Scheme: "http", Host: addr}
		handler, err := handlers.New(handlers.Config{
			DB: store, Secrets: [][]byte{bytes.Repeat([]byte("secret"), 8)}, PublicURL: at,
			GitHub:   &handlers.GitHub{ClientID: "id", ClientSecret: "secret", URL: at, APIURL: at},
			GuestTTL: 720 * time.Hour, Log: log,
			// So that guests can come from many addresses: each may do only so much.
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		})
		must(t, err)
		return handler
	})
	s.browser = connectTo(t, s.addr)
	return s
}

func discardingLog() *slog.Logger {
	return slog.New(handlers.LogHandler(slog.NewTextHandler(io.Discard, nil)))
}

// listenAndServe serves on a free port until the test ends.
func listenAndServe(t *testing.T, handlerAt func(addr string) http.Handler) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr = listener.Addr().String()
	handler := handlerAt(addr)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, handler, discardingLog()) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return addr
}

// serveCopies is the yardstick of an answer: a server that sends the same headers and the
// same bytes, and does nothing else.
func serveCopies(t *testing.T, a answer) (addr string) {
	header, body := a.header(), bytes.Clone(a.body)
	header.Del("Date")
	header.Del("Transfer-Encoding")
	return listenAndServe(t, func(string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			to := w.Header()
			for name, values := range header {
				to[name] = values
			}
			_, _ = w.Write(body)
		})
	})
}

// A guest is a guest of a site, with its cookie.
type guest struct {
	db.Viewer
	cookie   string // name=value
	profiles []string
	notes    []string
}

// newGuest opens the editor as a stranger, and then stores profiles and notes for the
// guest that it was made.
func (s *site) newGuest(profiles, notes int, body string) guest {
	s.t.Helper()
	page := s.browser.must(s.browser.get("/editor", ""))
	g := guest{cookie: page.cookie("__Host-guest")}
	id, err := guestID(g.cookie)
	must(s.t, err)
	g.Viewer = db.NewGuest(id)
	ctx := s.t.Context()
	first := db.GeneratedProfile(id)
	if profiles > 0 {
		_, err := s.store.UpdateProfile(ctx, g.Viewer, first)
		must(s.t, err)
		g.profiles = append(g.profiles, first.ID)
	}
	for n := 1; n < profiles; n++ {
		p := db.SuggestedProfile(uuid.NewString())
		_, err := s.store.AddProfile(ctx, g.Viewer, p)
		must(s.t, err)
		g.profiles = append(g.profiles, p.ID)
	}
	for n := range notes {
		note, err := s.store.CreateNote(ctx, g.Viewer, uuid.NewString(), fmt.Sprintf("# Note %d\n\n%s", n, body))
		must(s.t, err)
		g.notes = append(g.notes, note.ID)
	}
	g.Viewer, err = s.store.Guest(ctx, id)
	must(s.t, err)
	return g
}

// guestID reads the id out of a guest cookie: base64 of "time|base64 of JSON|MAC".
func guestID(cookie string) (string, error) {
	_, value, _ := strings.Cut(cookie, "=")
	token, err := base64.URLEncoding.DecodeString(value)
	if err != nil {
		return "", err
	}
	parts := bytes.SplitN(token, []byte("|"), 3)
	if len(parts) != 3 {
		return "", fmt.Errorf("a guest cookie of %d parts", len(parts))
	}
	payload, err := base64.URLEncoding.DecodeString(string(parts[1]))
	if err != nil {
		return "", err
	}
	var claims struct{ ID string }
	err = json.Unmarshal(payload, &claims)
	if err == nil && claims.ID == "" {
		err = errors.New("a guest cookie without an id")
	}
	return claims.ID, err
}

// markdownText is a text of so many bytes, as somebody might write it.
func markdownText(size int) string {
	const paragraph = "Some *words* about [a walk](https://example.org/walk) & what was seen there:\n\n- a fox, \"not shy\"\n- two herons\n\n"
	return strings.Repeat(paragraph, size/len(paragraph)+1)[:size]
}

// client speaks HTTP/1.1 on one connection. It does less than net/http's client, so that
// it takes little of the processors that it shares with what is measured.
type client struct {
	t    *testing.T
	addr string
	conn net.Conn
	in   *bufio.Reader
	head []byte
	body bytes.Buffer
}

// answer is good until the client's next request.
type answer struct {
	status     int
	head, body []byte
}

// connectTo is a client that connects with its first request: a server cuts off who
// connects and then says nothing for a while.
func connectTo(t *testing.T, addr string) *client {
	c := &client{t: t, addr: addr}
	t.Cleanup(func() {
		if c.conn != nil {
			_ = c.conn.Close()
		}
	})
	return c
}

func connectAllTo(t *testing.T, addr string, count int) []*client {
	clients := make([]*client, count)
	for i := range clients {
		clients[i] = connectTo(t, addr)
	}
	return clients
}

// do sends a request and reads the whole answer.
func (c *client) do(request []byte) (answer, error) {
	if err := c.send(request); err != nil {
		return answer{}, err
	}
	c.head = c.head[:0]
	for !bytes.HasSuffix(c.head, []byte("\r\n\r\n")) {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return answer{}, err
		}
		c.head = append(c.head, line...)
	}
	if err := c.readBody(); err != nil {
		return answer{}, err
	}
	status, err := strconv.Atoi(string(c.head[len("HTTP/1.1 "):][:3]))
	return answer{status: status, head: c.head, body: c.body.Bytes()}, err
}

func (c *client) send(request []byte) (err error) {
	if c.conn == nil {
		if c.conn, err = net.Dial("tcp", c.addr); err != nil {
			return err
		}
		c.in = bufio.NewReaderSize(c.conn, 64<<10)
	}
	_, err = c.conn.Write(request)
	return err
}

func (c *client) readBody() error {
	c.body.Reset()
	if length, err := strconv.ParseInt(headerLine(c.head, "Content-Length"), 10, 64); err == nil {
		_, err = io.CopyN(&c.body, c.in, length)
		return err
	}
	if headerLine(c.head, "Transfer-Encoding") != "chunked" {
		return errors.New("an answer without a length")
	}
	if _, err := c.body.ReadFrom(httputil.NewChunkedReader(c.in)); err != nil {
		return err
	}
	_, err := c.in.ReadSlice('\n') // the line after the last chunk
	return err
}

// must is do for preparations.
func (c *client) must(request []byte) answer {
	c.t.Helper()
	a, err := c.do(request)
	must(c.t, err)
	if a.status >= http.StatusBadRequest {
		c.t.Fatalf("status %d to %.80q:\n%s", a.status, request, a.body)
	}
	return a
}

// want does a request, and is an error unless the answer has the status and holds the
// text and ends as it should.
func (c *client) want(request []byte, status int, holds, ends string) error {
	a, err := c.do(request)
	switch {
	case err != nil:
		return err
	case a.status != status:
		return fmt.Errorf("status %d, not %d, to %.80q:\n%s", a.status, status, request, a.body)
	case !bytes.Contains(a.body, []byte(holds)):
		return fmt.Errorf("no %q in the answer to %.80q:\n%s", holds, request, a.body)
	case !bytes.HasSuffix(a.body, []byte(ends)):
		return fmt.Errorf("the answer to %.80q is cut off:\n%s", request, a.body)
	}
	return nil
}

// headerLine is the first value of a header in its usual spelling, or "".
func headerLine(head []byte, name string) string {
	_, rest, _ := bytes.Cut(head, []byte("\r\n"+name+": "))
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return string(value)
}

func (a answer) header() http.Header {
	_, fields, _ := bytes.Cut(a.head, []byte("\r\n"))
	header, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(fields))).ReadMIMEHeader()
	return http.Header(header)
}

// cookie is a cookie that the answer sets, as name=value.
func (a answer) cookie(name string) string {
	for _, c := range (&http.Response{Header: a.header()}).Cookies() {
		if c.Name == name {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

// get is a request for a page as a browser makes it. More are header lines.
func (c *client) get(path, cookie string, more ...string) []byte {
	return c.request(http.MethodGet, path, cookie, "", more...)
}

// form is a form as htmx sends it.
func (c *client) form(method, path, cookie string, fields url.Values, more ...string) []byte {
	return c.request(method, path, cookie, fields.Encode(), append(more,
		"HX-Request: true", "Sec-Fetch-Site: same-origin", "Content-Type: application/x-www-form-urlencoded")...)
}

func (c *client) request(method, path, cookie, body string, more ...string) []byte {
	lines := append([]string{
		method + " " + path + " HTTP/1.1",
		"Host: " + c.addr,
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Accept-Language: en-US,en;q=0.5",
	}, more...)
	if cookie != "" {
		lines = append(lines, "Cookie: "+cookie)
	}
	if body != "" {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}
