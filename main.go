// Guestpad is a Markdown notes app in which a stranger is a first-class user: open it and
// write; sign in when it matters; everything you made comes along.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sync/errgroup"

	"github.com/guestpad/guestpad/db"
	"github.com/guestpad/guestpad/handlers"
	"github.com/guestpad/guestpad/handlers/fakegithub"
	"github.com/guestpad/guestpad/handlers/metrics"
	"github.com/guestpad/guestpad/handlers/operator"
	"github.com/guestpad/guestpad/handlers/secrets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "guestpad:", err)
		os.Exit(1)
	}
}

const (
	// drainPatience is how long requests that are under way may take after a signal.
	drainPatience = 10 * time.Second
	purgeFirst    = time.Minute
	purgeEvery    = time.Hour
)

// run runs the command that args name: serve, or one of the operator's.
func run(ctx context.Context, args []string) error {
	var line commandLine
	command, err := line.parse(args)
	if err != nil {
		return err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run(&line.Storage)
}

// Run serves until ctx ends or something fails.
func (cfg *config) Run(ctx context.Context, at *operator.Storage) error {
	if err := cfg.check(); err != nil {
		return err
	}
	log := slog.New(handlers.LogHandler(slog.NewTextHandler(os.Stderr, nil)))
	collectLessOften()

	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("GUESTPAD_ADDR (--addr): listen on %q: %w", cfg.Addr, err)
	}
	defer listener.Close() // again, if it was served
	public := cfg.publicURL(listener.Addr())
	if err := cfg.refusePublicDemo(listener.Addr(), public); err != nil {
		return err
	}
	ring, err := cfg.loadSecrets(at.Data)
	if err != nil {
		return err
	}
	var counts *metrics.Metrics // nil counts nothing
	var store *db.DB
	if cfg.Metrics != "" {
		counts = metrics.New(func() float64 { bytes, _ := store.Bytes(); return float64(bytes) })
	}
	store, err = db.Open(ctx, db.Config{URL: at.DatabaseURL, Log: log, MaxNotes: int(cfg.MaxNotes), Observer: counts})
	if err != nil {
		return fmt.Errorf("GUESTPAD_DATABASE_URL (--database-url): %w", err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			log.Error("close the database", slog.Any("error", err))
		}
	}()

	group, ctx := errgroup.WithContext(ctx)
	github := cfg.github
	if cfg.Demo {
		if github, err = startFakeGitHub(ctx, group); err != nil {
			return err
		}
	}
	handler, err := handlers.New(handlers.Config{
		DB: store, Secrets: ring, PublicURL: public, GitHub: github,
		Guests: cfg.GuestAccess, GuestTTL: time.Duration(cfg.GuestTTL), TrustedProxies: cfg.trustedProxies,
		WritesPerMinute: int(cfg.WritesPerMinute), Log: log, Metrics: counts,
	})
	if err != nil {
		return err
	}
	if cfg.Metrics != "" {
		if err := cfg.serveMetrics(ctx, group, counts, log); err != nil {
			return err
		}
	}
	group.Go(func() error { return purge(ctx, store, time.Duration(cfg.GuestTTL), log, counts) })
	group.Go(func() error { return serve(ctx, listener, handler, log) })
	cfg.announce(log, listener.Addr(), public, github)
	return group.Wait()
}

// collectLessOften lets garbage grow to four times what lives before it is collected,
// unless GOGC says otherwise. A few megabytes live; with Go's default a quarter of the
// processor goes into looking at them over and over.
func collectLessOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}

// serve answers requests until ctx ends, then lets those under way finish.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // a login waits for GitHub
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainPatience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests took longer than %s to finish: %w", drainPatience, err), server.Close())
	}
	return nil
}

// serveMetrics serves /metrics on an address of its own.
func (cfg *config) serveMetrics(ctx context.Context, group *errgroup.Group, counts http.Handler, log *slog.Logger) error {
	listener, err := net.Listen("tcp", cfg.Metrics)
	if err != nil {
		return fmt.Errorf("GUESTPAD_METRICS (--metrics): listen on %q: %w", cfg.Metrics, err)
	}
	log.Info("metrics are served", slog.String("url", "http://"+listener.Addr().String()+"/metrics"))
	group.Go(func() error { return serve(ctx, listener, counts, log) })
	return nil
}

// startFakeGitHub serves a GitHub of our own on a free loopback port.
func startFakeGitHub(ctx context.Context, group *errgroup.Group) (*handlers.GitHub, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("--demo: listen for the fake GitHub: %w", err)
	}
	const id, secret = "demo", "demo"
	server := &http.Server{
		Handler: fakegithub.New(id, secret), ReadHeaderTimeout: 5 * time.Second,
		// A request that is being slow on purpose ends with the program.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the fake GitHub: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
	at := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	return &handlers.GitHub{ClientID: id, ClientSecret: secret, URL: at, APIURL: at}, nil
}

// purge removes what has expired, in small batches, until ctx ends.
func purge(ctx context.Context, store *db.DB, guestTTL time.Duration, log *slog.Logger, counts *metrics.Metrics) error {
	next := time.NewTimer(purgeFirst)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
			next.Reset(purgeEvery)
		}
		purged, err := store.Purge(ctx, guestTTL)
		if err != nil && ctx.Err() == nil {
			log.Error("purge", slog.Any("error", err))
		}
		counts.Purged("guests", purged.Guests)
		counts.Purged("tombstones", purged.Tombstones)
		counts.Purged("sessions", purged.Sessions)
		counts.Purged("notes", purged.Notes)
		if purged.Guests == db.PurgeBatch {
			log.Warn("purge: a whole batch of guests had expired, and the rest waits for the next hour; if that is a surprise, look at this machine's clock")
		}
		if purged != (db.Purged{}) {
			log.Info("purge", slog.Int("guests", purged.Guests), slog.Int("tombstones", purged.Tombstones), slog.Int("sessions", purged.Sessions),
				slog.Int("notes", purged.Notes))
		}
	}
}

// commandLine is every command and setting. The names are a promise to people and
// scripts.
type commandLine struct {
	operator.Storage
	Serve config `cmd:"" default:"withargs" help:"Serve: what guestpad does without a command."`
	operator.Commands
}

// config is every setting of the server beside those that say where everything is kept.
type config struct {
	Addr             string `group:"Flags of serve:" env:"GUESTPAD_ADDR" default:"localhost:8080" placeholder:"HOST:PORT" help:"Listen address. Port 0 takes a free one. Default: localhost:8080."`
	URL              string `group:"Flags of serve:" env:"GUESTPAD_URL" placeholder:"URL" help:"Public base URL, for the login callback, cookies and HSTS. Default: http://ADDR."`
	operator.Secrets `group:"Flags of serve:"`
	operator.Guests  `group:"Flags of serve:"`
	MaxNotes         count `group:"Flags of serve:" env:"GUESTPAD_MAX_NOTES" name:"max-notes" default:"10000" placeholder:"COUNT" help:"How many notes a guest or user may have outside the trash. Default: 10000."`

	WritesPerMinute count `group:"Flags of serve:" env:"GUESTPAD_WRITES_PER_MINUTE" name:"writes-per-minute" default:"240" placeholder:"COUNT" help:"How many changes a guest or user may make in a minute. Default: 240."`

	GuestAccess handlers.GuestAccess `group:"Flags of serve:" env:"GUESTPAD_GUESTS" name:"guests" default:"on" placeholder:"on|read-only|off" help:"What people may do who have not signed in: write (on), only read what they have (read-only), or only sign in (off). Default: on."`

	Metrics string `group:"Flags of serve:" env:"GUESTPAD_METRICS" placeholder:"HOST:PORT" help:"Listen address of /metrics for Prometheus, on this machine alone. Default: off."`

	Demo bool `group:"Flags of serve:" help:"Sign in against a built-in fake GitHub, to try everything without an account. Only on a loopback address."`

	// Settings that come from the environment alone: a secret in the arguments can be
	// read by everyone on the machine.
	GitHubClientID     string `kong:"-"`
	GitHubClientSecret string `kong:"-"`
	GitHubURL          string `kong:"-"`
	GitHubAPIURL       string `kong:"-"`
	TrustedProxies     string `kong:"-"`

	// What check makes of the settings above.
	url            *url.URL         // nil: http://ADDR
	github         *handlers.GitHub // nil: signing in is off
	secrets        [][]byte         // nil: those of the file
	trustedProxies []netip.Prefix
}

// count is a whole number that says what it wants to be.
type count int

func (n *count) UnmarshalText(text []byte) error {
	i, err := strconv.Atoi(string(text))
	if err != nil || i < 1 || i > 1_000_000 {
		return fmt.Errorf("want a whole number from 1 to 1000000, not %q", text)
	}
	*n = count(i)
	return nil
}

const description = `A notes app in which a stranger is a first-class user: open it and write; sign in when it matters; everything you made comes along.

To try it:   guestpad --demo

These are read from the environment only:

  GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET
      The GitHub OAuth app to sign in with; its callback is
      URL/auth/github/callback. Without them signing in is off.
  GUESTPAD_GITHUB_URL, GUESTPAD_GITHUB_API_URL
      Another GitHub, such as GitHub Enterprise.
      Default: https://github.com and https://api.github.com.
  GUESTPAD_TRUSTED_PROXIES
      Reverse proxies whose X-Forwarded-For is believed:
      CIDRs, comma separated. Default: none.`

// parse reads arguments and environment. An error names the setting that is wrong and
// says what it wants.
func (line *commandLine) parse(args []string) (*kong.Context, error) {
	parser, err := kong.New(line, kong.Name("guestpad"), kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 96}),
		kong.Help(helpWithServe),
		kong.ValueFormatter(func(v *kong.Value) string {
			if len(v.Tag.Envs) == 0 {
				return v.Help
			}
			return v.Help + " [" + v.Tag.Envs[0] + "]"
		}))
	if err != nil {
		return nil, err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return nil, err
	}
	return command, line.Check()
}

// helpWithServe shows the flags of serve also where no command is named, because they can
// be given there.
func helpWithServe(options kong.HelpOptions, command *kong.Context) error {
	if command.Selected() == nil {
		app := command.Model.Node
		app.Flags = append(app.Flags, app.DefaultCmd.Flags...)
	}
	return kong.DefaultHelpPrinter(options, command)
}

// check looks at every setting before anything is opened.
func (cfg *config) check() (err error) {
	cfg.GitHubClientID = os.Getenv("GITHUB_CLIENT_ID")
	cfg.GitHubClientSecret = os.Getenv("GITHUB_CLIENT_SECRET")
	cfg.GitHubURL = os.Getenv("GUESTPAD_GITHUB_URL")
	cfg.GitHubAPIURL = os.Getenv("GUESTPAD_GITHUB_API_URL")
	cfg.TrustedProxies = os.Getenv("GUESTPAD_TRUSTED_PROXIES")
	if _, _, err := net.SplitHostPort(cfg.Addr); err != nil {
		return fmt.Errorf("GUESTPAD_ADDR (--addr): want HOST:PORT, such as localhost:8080, not %q", cfg.Addr)
	}
	if list := cfg.Secrets.Secrets; list != "" {
		if cfg.secrets, err = secrets.Parse(list); err != nil {
			return fmt.Errorf("GUESTPAD_SECRETS (--secrets): %w", err)
		}
	}
	if cfg.URL != "" {
		if cfg.url, err = parsePublicURL(cfg.URL); err != nil {
			return err
		}
	}
	if cfg.github, err = cfg.parseGitHub(); err != nil {
		return err
	}
	// The figures are for the operator alone.
	if host, _, err := net.SplitHostPort(cfg.Metrics); cfg.Metrics != "" && (err != nil || !handlers.IsLoopback(host)) {
		return fmt.Errorf("GUESTPAD_METRICS (--metrics): want a loopback address such as localhost:9090, not %q", cfg.Metrics)
	}
	if cfg.GuestAccess == handlers.GuestsOff && cfg.github == nil && !cfg.Demo {
		return errors.New("GUESTPAD_GUESTS (--guests): off leaves no way in, because signing in is off too; set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET")
	}
	return cfg.parseTrustedProxies()
}

func (cfg *config) parseTrustedProxies() error {
	for proxy := range strings.SplitSeq(cfg.TrustedProxies, ",") {
		proxy = strings.TrimSpace(proxy)
		if proxy == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(proxy)
		if err != nil {
			return fmt.Errorf("GUESTPAD_TRUSTED_PROXIES: want CIDRs, comma separated, such as 127.0.0.0/8,10.0.0.0/8, not %q", proxy)
		}
		cfg.trustedProxies = append(cfg.trustedProxies, prefix)
	}
	return nil
}

// publicURL is where browsers find us. By default it is the address that was asked for,
// with the port that it got.
func (cfg *config) publicURL(listening net.Addr) *url.URL {
	if cfg.url != nil {
		return cfg.url
	}
	host, _, _ := net.SplitHostPort(cfg.Addr)
	_, port, _ := net.SplitHostPort(listening.String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
}

func parsePublicURL(raw string) (*url.URL, error) {
	u, err := parseBaseURL("GUESTPAD_URL (--url)", raw)
	if err == nil && u.Path != "" {
		return nil, fmt.Errorf("GUESTPAD_URL (--url): want a URL without a path, not %q: Guestpad needs a host of its own", raw)
	}
	return u, err
}

// parseBaseURL takes http or https and a host.
func parseBaseURL(setting, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s: want a URL such as https://notes.example.org, not %q", setting, raw)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

// refusePublicDemo keeps the fake GitHub, with which anyone is anyone, on this machine.
func (cfg *config) refusePublicDemo(listening net.Addr, public *url.URL) error {
	if !cfg.Demo {
		return nil
	}
	if tcp, ok := listening.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return fmt.Errorf("--demo lets anyone sign in as anyone, so GUESTPAD_ADDR (--addr) must be a loopback address such as localhost:8080, not %q", cfg.Addr)
	}
	if !handlers.IsLoopback(public.Hostname()) {
		return fmt.Errorf("--demo lets anyone sign in as anyone, so GUESTPAD_URL (--url) must be on this machine, not %q", public)
	}
	return nil
}

// parseGitHub is nil when no credentials are set.
func (cfg *config) parseGitHub() (*handlers.GitHub, error) {
	id, secret := cfg.GitHubClientID, cfg.GitHubClientSecret
	web, err := parseBaseURL("GUESTPAD_GITHUB_URL", orDefault(cfg.GitHubURL, "https://github.com"))
	if err != nil {
		return nil, err
	}
	api, err := parseBaseURL("GUESTPAD_GITHUB_API_URL", orDefault(cfg.GitHubAPIURL, "https://api.github.com"))
	if err != nil {
		return nil, err
	}
	switch {
	case id == "" && secret == "":
		return nil, nil
	case id == "" || secret == "":
		return nil, errors.New("GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET: want both or neither")
	}
	return &handlers.GitHub{ClientID: id, ClientSecret: secret, URL: web, APIURL: api}, nil
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// loadSecrets returns the configured secrets, or those of the file that the first start
// makes.
func (cfg *config) loadSecrets(data string) ([][]byte, error) {
	if cfg.secrets != nil {
		return cfg.secrets, nil
	}
	list, err := secrets.Load(data)
	if err != nil {
		return nil, fmt.Errorf("GUESTPAD_DATA (--data): the file of secrets: %w", err)
	}
	return list, nil
}

// announce says at the start what a person needs to know.
func (cfg *config) announce(log *slog.Logger, listening net.Addr, public *url.URL, github *handlers.GitHub) {
	log.Info("guestpad is ready", slog.String("url", public.String()), slog.String("addr", listening.String()))
	if public.Scheme != "https" && !handlers.IsLoopback(public.Hostname()) {
		log.Warn("plain HTTP beyond this machine: whoever can read the network can read the notes and take over sessions; use https where you can")
	}
	if tcp, ok := listening.(*net.TCPAddr); ok && cfg.url == nil && !tcp.IP.IsLoopback() {
		log.Warn("listening beyond this machine without GUESTPAD_URL: set it to the address that browsers use, or they will not keep the cookies")
	}
	switch {
	case cfg.Demo:
		log.Info("demo: signing in goes to a fake GitHub, where you choose who you are")
	case github == nil:
		log.Info("signing in is off: set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET to turn it on")
	}
}
