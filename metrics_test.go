package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var metricsLine = regexp.MustCompile(`msg="metrics are served" url=(\S+)`)

func TestMetricsCountWhatTheServerDoesOnAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := startProgram(t, "--demo", "--metrics=localhost:0")
	found := metricsLine.FindStringSubmatch(p.logged())
	if found == nil {
		t.Fatalf("no address of the metrics in\n%s", p.logged())
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar, Timeout: patience}
	ask := func(method, address, form string) string {
		t.Helper()
		r, err := http.NewRequest(method, address, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Status + "\n" + string(text)
	}
	ask("GET", p.url+"/editor", "")
	ask("POST", p.url+"/notes", url.Values{"body": {"private words"}}.Encode()) // leads to the note
	ask("BREW", p.url+"/pot", "")
	if elsewhere := ask("GET", p.url+"/metrics", ""); !strings.HasPrefix(elsewhere, "404") {
		t.Errorf("the metrics are served to everyone: %.300s", elsewhere)
	}

	text := ask("GET", found[1], "")
	for _, line := range []string{
		`guestpad_requests_total{method="GET",route="/editor",status="200"} 1`,
		`guestpad_requests_total{method="POST",route="/notes",status="303"} 1`,
		`guestpad_request_seconds_count{route="/notes"} 1`,
		`guestpad_viewers_total{kind="new guest"} 1`, `guestpad_viewers_total{kind="guest"} 2`,
		`guestpad_events_total{event="guest.created"} 1`, `guestpad_rekeyed_rows_total 0`,
		`guestpad_writer_wait_seconds_count 1`, `guestpad_requests_total{method="other"`, `process_resident_memory_bytes`,
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("%s is missing", line)
		}
	}
	if !regexp.MustCompile(`\nguestpad_database_bytes [1-9]`).MatchString(text) {
		t.Error("the database has no size")
	}
	if t.Failed() || strings.Contains(text, "private") || strings.Contains(text, "BREW") {
		t.Errorf("the metrics are\n%s", text)
	}
}
