package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/guestpad/guestpad/db"
)

// operate runs a command of the operator on the program's data, whether it runs or not.
func (p *program) operate(args ...string) (stdout, stderr string, isDone bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append(args, "--data="+p.data)...)
	cmd.Env = append(cleanEnv(), p.env...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	isDone = cmd.Run() == nil
	return out.String(), err.String(), isDone
}

// mustOperate is for a command that has to succeed.
func (p *program) mustOperate(args ...string) string {
	p.t.Helper()
	out, stderr, isDone := p.operate(args...)
	if !isDone {
		p.t.Fatalf("guestpad %s: %s%s", strings.Join(args, " "), out, stderr)
	}
	return out
}

// mustRefuse is for a command that has to fail, with one sentence that has the parts.
func (p *program) mustRefuse(args []string, parts ...string) {
	p.t.Helper()
	out, stderr, isDone := p.operate(args...)
	if isDone || out != "" || !strings.HasPrefix(stderr, "guestpad: ") || strings.Count(stderr, "\n") != 1 {
		p.t.Errorf("guestpad %s: done %v, %q, %q", strings.Join(args, " "), isDone, out, stderr)
	}
	for _, part := range parts {
		if !strings.Contains(stderr, part) {
			p.t.Errorf("guestpad %s: it says %q, without %q", strings.Join(args, " "), stderr, part)
		}
	}
}

// jsonOf runs a command with --json and reads its answer.
func jsonOf[T any](p *program, args ...string) (answer T) {
	p.t.Helper()
	out := p.mustOperate(append(args, "--json")...)
	decoder := json.NewDecoder(strings.NewReader(out))
	if err := decoder.Decode(&answer); err != nil || decoder.More() {
		p.t.Fatalf("guestpad %s --json: %v in %s", strings.Join(args, " "), err, out)
	}
	return answer
}

// people is what populate has made.
type people struct {
	user, mergeID, publicID string
}

// populate puts a user with a merge, sessions and a published note into the program's
// database, and a guest that has expired.
func (p *program) populate() (made people) {
	p.t.Helper()
	ctx := p.t.Context()
	open := func(now func() time.Time) *db.DB {
		store, err := db.Open(ctx, db.Config{URL: "sqlite:" + filepath.Join(p.data, "guestpad.db"), Log: slog.New(slog.DiscardHandler), Now: now})
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = store.Close() })
		return store
	}
	write := func(store *db.DB, v db.Viewer, body string) db.Note {
		n, err := store.CreateNote(ctx, v, "", body)
		if err != nil {
			p.t.Fatal(err)
		}
		return n
	}
	past := open(func() time.Time { return time.Now().Add(-60 * 24 * time.Hour) })
	write(past, db.NewGuest(uuid.NewString()), "long ago")
	if err := past.Close(); err != nil {
		p.t.Fatal(err)
	}
	store := open(time.Now)
	guest := db.NewGuest(uuid.NewString())
	write(store, guest, "first of the merge")
	shared := write(store, guest, "second of the merge")
	for range 2 {
		in, err := store.SignIn(ctx, db.SignIn{Provider: "github", Subject: "1", Login: "octocat", Name: "Mona", GuestID: guest.ID, SessionHash: uuid.NewString()})
		if err != nil {
			p.t.Fatal(err)
		}
		made.user, made.mergeID = in.UserID, in.MergeID
		v := db.Viewer{ID: in.UserID}
		if sessions, err := store.Sessions(ctx, v); err != nil {
			p.t.Fatal(err)
		} else {
			v.SessionHash = sessions[0].ID
		}
		if made.publicID, err = store.PublishNote(ctx, v, shared.ID); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		p.t.Fatal(err)
	}
	return made
}

// contents is a hash of every table, and of the secrets.
func (p *program) contents() string {
	p.t.Helper()
	handle, err := sql.Open("sqlite", "file:"+filepath.Join(p.data, "guestpad.db"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer handle.Close()
	sum := sha256.New()
	for _, table := range p.column(handle, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`) {
		columns := p.column(handle, `SELECT name FROM pragma_table_info('`+table+`')`)
		for _, row := range p.column(handle, `SELECT quote(`+strings.Join(columns, `) || ',' || quote(`)+`) AS line FROM `+table+` ORDER BY line`) {
			fmt.Fprintln(sum, table, row)
		}
	}
	secrets, err := os.ReadFile(filepath.Join(p.data, "guestpad.secrets"))
	if err != nil {
		p.t.Fatal(err)
	}
	sum.Write(secrets)
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func (p *program) column(handle *sql.DB, query string) (values []string) {
	p.t.Helper()
	rows, err := handle.Query(query)
	if err != nil {
		p.t.Fatal(query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			p.t.Fatal(err)
		}
		values = append(values, value)
	}
	return values
}

func TestOperatorServeIsWhatHappensWithoutACommand(t *testing.T) {
	t.Parallel()
	p := &program{t: t, data: t.TempDir()}
	p.startWith([]string{"serve", "--demo", "--addr=localhost:0", "--data=" + p.data})
	p.stop()
	p.startWith([]string{"--data=" + p.data, "serve", "--addr=localhost:0"})
	p.stop()
	p.mustRefuse([]string{"--demo", "stats"}, "--demo")
}

func TestOperatorHelpIsThereForEveryCommand(t *testing.T) {
	t.Parallel()
	p := &program{t: t, data: t.TempDir()}
	top := p.mustOperate("--help")
	for _, command := range []string{
		"serve", "stats", "backup", "restore", "guests purge", "users list", "users sign-out", "users erase",
		"merges list", "merges undo", "notes unpublish", "secrets rotate",
	} {
		if !strings.Contains(top, "\n  "+command+" ") {
			t.Errorf("%s is missing in\n%s", command, top)
		}
		help := p.mustOperate(append(strings.Fields(command), "--help")...)
		for _, part := range []string{"Usage: guestpad " + command, "GUESTPAD_DATA", "GUESTPAD_DATABASE_URL"} {
			if !strings.Contains(help, part) {
				t.Errorf("%s: %q is missing in\n%s", command, part, help)
			}
		}
		if command != "serve" && !strings.Contains(help, "--json") {
			t.Errorf("%s has no --json", command)
		}
	}
}

func TestOperatorCommandsMakeNoDatabase(t *testing.T) {
	t.Parallel()
	p := &program{t: t, data: t.TempDir()}
	for _, args := range [][]string{
		{"stats"}, {"backup", filepath.Join(p.data, "backup.db")}, {"guests", "purge"}, {"guests", "purge", "--dry-run"},
		{"users", "list"}, {"users", "sign-out", "12345678"}, {"users", "erase", "12345678", "--yes"},
		{"merges", "list"}, {"merges", "undo", "x", "--yes"}, {"notes", "unpublish", "x"}, {"secrets", "rotate"},
	} {
		p.mustRefuse(args, "there is no", "GUESTPAD_DATA")
	}
	if entries, err := os.ReadDir(p.data); err != nil || len(entries) != 0 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

func TestOperatorDryRunsChangeNothing(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	made := p.populate()
	file := filepath.Join(t.TempDir(), "backup.db")
	p.mustOperate("backup", file)
	before := p.contents()
	for _, args := range [][]string{
		{"guests", "purge"}, {"users", "sign-out", made.user[:8]}, {"users", "erase", made.user},
		{"merges", "undo", made.mergeID}, {"notes", "unpublish", made.publicID}, {"secrets", "rotate"},
	} {
		if out := p.mustOperate(append(args, "--dry-run")...); !strings.HasPrefix(out, "Would ") {
			t.Errorf("%v: it says %q", args, out)
		}
		if !jsonOf[struct {
			DryRun bool `json:"dry_run"`
		}](p, append(args, "--dry-run")...).DryRun {
			t.Errorf("%v: JSON does not say that it is a dry run", args)
		}
		if p.contents() != before {
			t.Errorf("%v --dry-run changed something", args)
		}
	}
	p.mustRefuse([]string{"restore", "--dry-run", file}, "in use")
	p.stop()
	names := folder(t, p.data)
	p.mustOperate("restore", "--dry-run", file)
	if p.contents() != before || folder(t, p.data) != names {
		t.Errorf("restore --dry-run changed something: %s", folder(t, p.data))
	}
}

func folder(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(entries)
}

func TestOperatorStatsAndListsTellWhatIsThere(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	made := p.populate()
	s := jsonOf[db.Stats](p, "stats")
	if s.Guests != 1 || s.Archived != 1 || s.Users != 1 || s.Sessions != 2 || s.Notes != 3 || s.Published != 1 || s.Merges != 1 || s.Tombstones != 1 || s.DatabaseBytes == 0 {
		t.Errorf("%+v", s)
	}
	users := jsonOf[[]db.User](p, "users", "list")
	if len(users) != 1 || users[0].ID != made.user || users[0].Notes != 2 || fmt.Sprint(users[0].Identities) != "[github:octocat]" {
		t.Errorf("%+v", users)
	}
	merges := jsonOf[[]db.MergeOfUser](p, "merges", "list", "--user", made.user[:8])
	if len(merges) != 1 || merges[0].ID != made.mergeID || merges[0].Notes != 2 || merges[0].UndoneAt != nil {
		t.Errorf("%+v", merges)
	}
	p.mustRefuse([]string{"merges", "list", "--user", "00000000"}, "no user", "users list")
	p.mustRefuse([]string{"users", "sign-out", "1"}, "at least 8")
	for args, part := range map[string]string{"stats": "published", "users list": "github:octocat", "merges list": made.mergeID} {
		if out := p.mustOperate(strings.Fields(args)...); !strings.Contains(out, part) {
			t.Errorf("%s: %q is missing in %s", args, part, out)
		}
	}
}

func TestOperatorListsAreListsWhenTheyAreEmpty(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	for _, noun := range []string{"users", "merges"} {
		if out := p.mustOperate(noun, "list", "--json"); out != "[]\n" {
			t.Errorf("%s: %q", noun, out)
		}
	}
}

func TestOperatorPurgesUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	p.populate()
	for _, want := range []int{1, 0} {
		if got := jsonOf[struct{ Guests int }](p, "guests", "purge"); got.Guests != want {
			t.Errorf("purged %d guests, want %d", got.Guests, want)
		}
	}
	if s := jsonOf[db.Stats](p, "stats"); s.Guests != 0 || s.Notes != 2 {
		t.Errorf("%+v", s)
	}
}

func TestOperatorSignsAUserOutAndErasesIt(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	made := p.populate()
	if got := jsonOf[struct{ Sessions int }](p, "users", "sign-out", made.user); got.Sessions != 2 {
		t.Errorf("ended %d sessions", got.Sessions)
	}
	if s := jsonOf[db.Stats](p, "stats"); s.Sessions != 0 || s.Users != 1 {
		t.Errorf("%+v", s)
	}
	p.mustRefuse([]string{"users", "erase", made.user}, "--yes")
	if s := jsonOf[db.Stats](p, "stats"); s.Users != 1 {
		t.Errorf("%+v", s)
	}
	out, log, isDone := p.operate("users", "erase", made.user, "--yes")
	if !isDone || !strings.Contains(out, "2 notes") || !strings.Contains(log, "user.erased") {
		t.Errorf("done %v: %s%s", isDone, out, log)
	}
	if s := jsonOf[db.Stats](p, "stats"); s.Users != 0 || s.Notes != 1 {
		t.Errorf("%+v", s)
	}
}

func TestOperatorTakesAPublicNoteDown(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	address := "/n/" + p.populate().publicID
	b := p.browser()
	if status, page := b.get(address); status != 200 || !strings.Contains(page, "second of the merge") {
		t.Fatalf("status %d", status)
	}
	p.mustRefuse([]string{"notes", "unpublish", p.url + "/editor/x"}, "/n/")
	if _, log, isDone := p.operate("notes", "unpublish", p.url+address); !isDone || !strings.Contains(log, "note.unpublished") {
		t.Errorf("done %v: %s", isDone, log)
	}
	if status, page := b.get(address); status != 404 || strings.Contains(page, "second of the merge") {
		t.Errorf("status %d after it", status)
	}
	p.mustRefuse([]string{"notes", "unpublish", p.url + address}, "no note is published")
}

func TestOperatorUndoesAMergeForNobody(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	made := p.populate()
	p.mustRefuse([]string{"merges", "undo", made.mergeID}, "--yes")
	out, log, isDone := p.operate("merges", "undo", made.mergeID, "--yes")
	if !isDone || !strings.Contains(out, "Took 2 notes") || !strings.Contains(out, "Nobody can open them") || !strings.Contains(log, "merge.undone") {
		t.Errorf("done %v: %s%s", isDone, out, log)
	}
	if s := jsonOf[db.Stats](p, "stats"); s.Undone != 1 || s.Guests != 2 || s.Notes != 3 {
		t.Errorf("%+v", s)
	}
	if users := jsonOf[[]db.User](p, "users", "list"); users[0].Notes != 0 {
		t.Errorf("%+v", users)
	}
	p.mustRefuse([]string{"merges", "undo", made.mergeID, "--yes"}, "was undone")
}

func TestOperatorRestoresWhileTheServerIsStopped(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	b := p.browser()
	b.get("/editor")
	b.write("in the backup")
	file := filepath.Join(t.TempDir(), "backup.db")
	if out := p.mustOperate("backup", file); !strings.Contains(out, "1 note") || !strings.Contains(out, "guestpad.secrets is not in it") {
		t.Errorf("backup says %q", out)
	}
	p.mustRefuse([]string{"backup", file}, "exists")
	b.write("after the backup")

	p.mustRefuse([]string{"restore", file}, "in use", "stop the server")
	if _, page := b.get("/editor"); !strings.Contains(page, "after the backup") {
		t.Error("the refused restore changed something")
	}
	p.stop()
	answer := jsonOf[struct{ Aside string }](p, "restore", file)
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	p.start("--addr=localhost:" + port)
	if _, page := b.get("/editor"); !strings.Contains(page, "in the backup") || strings.Contains(page, "after the backup") {
		t.Error("what was restored is not what was in the backup")
	}
	p.stop()
	p.mustOperate("restore", answer.Aside)
	p.start("--addr=localhost:" + port)
	if _, page := b.get("/editor"); !strings.Contains(page, "after the backup") {
		t.Error("the way back does not lead back")
	}
}

func TestOperatorRotatesTheSecretsAndForgetsNobody(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	b := p.browser()
	b.get("/editor")
	b.write("from before")
	file := filepath.Join(p.data, "guestpad.secrets")
	for round, dropped := range []int{0, 0, 0, 0, 1} {
		former, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsonOf[struct{ Secrets, Dropped int }](p, "secrets", "rotate"); got.Secrets != min(round+2, 5) || got.Dropped != dropped {
			t.Errorf("round %d: %+v", round, got)
		}
		now, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(string(former), ","); !strings.Contains(string(now), ","+strings.TrimSpace(first)) {
			t.Errorf("round %d: %s became %s", round, former, now)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if round == 3 {
			p.stop()
			_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
			p.start("--addr=localhost:" + port)
			if _, page := b.get("/editor"); !strings.Contains(page, "from before") {
				t.Error("the guest is forgotten")
			}
		}
	}
	if names := folder(t, p.data); strings.Contains(names, "secrets.") {
		t.Errorf("something is left over: %s", names)
	}
	p.mustRefuse([]string{"secrets", "rotate", "--secrets=x"}, "GUESTPAD_SECRETS")
}
