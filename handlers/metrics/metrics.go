// Package metrics counts what a server does, for Prometheus. Nothing in it tells who did
// what.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Metrics counts. A nil Metrics counts nothing, so that nobody has to ask.
type Metrics struct {
	set        *metrics.Set
	rowsMoved  *metrics.Counter
	writerWait *metrics.PrometheusHistogram
}

// Upper bounds in seconds. A save takes about a millisecond, most of it the disk's.
var (
	requestSeconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	waitSeconds    = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

// New makes Metrics that ask for the size of the database, in bytes, when they are read.
func New(databaseBytes func() float64) *Metrics {
	set := metrics.NewSet()
	set.NewGauge("guestpad_database_bytes", databaseBytes)
	return &Metrics{
		set:        set,
		rowsMoved:  set.NewCounter("guestpad_rekeyed_rows_total"),
		writerWait: set.NewPrometheusHistogramExt("guestpad_writer_wait_seconds", waitSeconds),
	}
}

// Request counts an answer. The route is the pattern, so that there are few.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if route == "" {
		route = "none"
	}
	labels := "{method=" + strconv.Quote(knownMethod(method)) + ",route=" + strconv.Quote(route) + ",status=\"" + strconv.Itoa(status) + "\"}"
	m.set.GetOrCreateCounter("guestpad_requests_total" + labels).Inc()
	m.set.GetOrCreatePrometheusHistogramExt("guestpad_request_seconds{route="+strconv.Quote(route)+"}", requestSeconds).Update(took.Seconds())
}

// knownMethod keeps a client from making up methods, each of which would be counted for
// good.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Viewer counts a request by who made it: "new guest", "guest" or "user".
func (m *Metrics) Viewer(kind string) {
	if m != nil {
		m.set.GetOrCreateCounter("guestpad_viewers_total{kind=" + strconv.Quote(kind) + "}").Inc()
	}
}

// Event counts an audit event of the database, and the rows that it moved.
func (m *Metrics) Event(name string, rows int64) {
	if m == nil {
		return
	}
	m.set.GetOrCreateCounter("guestpad_events_total{event=" + strconv.Quote(name) + "}").Inc()
	if name == "rekey" {
		m.rowsMoved.Add(int(rows))
	}
}

// WriterWait counts how long a write waited for its turn.
func (m *Metrics) WriterWait(waited time.Duration) {
	if m != nil {
		m.writerWait.Update(waited.Seconds())
	}
}

// Purged counts what a purge has removed.
func (m *Metrics) Purged(what string, count int) {
	if m != nil && count > 0 {
		m.set.GetOrCreateCounter("guestpad_purged_total{what=" + strconv.Quote(what) + "}").Add(count)
	}
}

// ServeHTTP answers GET /metrics in the text format of Prometheus, with figures about the
// process and Go's runtime.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/metrics" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	m.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
