package metrics_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/metrics"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
	"github.com/mailtap/mailtap/dissect"
)

// serve answers with a snapshot and returns the server's URL.
func serve(t *testing.T, snapshot func() metrics.Snapshot) (*metrics.Server, string) {
	t.Helper()
	s, err := metrics.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Serve("1.2.3", snapshot)
	return s, "http://" + s.Addr().String()
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := new(http.Client).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// full is a snapshot in which everything is counted.
func full(t *testing.T) metrics.Snapshot {
	t.Helper()
	database := filepath.Join(t.TempDir(), "mailtap.db")
	for name, size := range map[string]int{database: 4096, database + "-wal": 100} {
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var r metrics.Results
	r.Add(&alerts.Result{
		Session:  alerts.Session{Facts: &dissect.Facts{Protocol: dissect.IMAP}, Verdict: alerts.Exposed},
		Findings: []alerts.Finding{{Rule: "cleartext-password", Severity: alerts.Critical}, {Rule: "made-up", Severity: alerts.Low}},
	})
	r.Add(&alerts.Result{Session: alerts.Session{Facts: &dissect.Facts{}}})
	return metrics.Snapshot{
		Engine: engine.Stats{
			Packets: 1, Bytes: 2, Last: 3_500_000_000, NotTCP: 4, Truncated: 5, UnknownLink: 6, Encrypted: 7, BadChecksums: 7, GapBytes: 8,
			Evicted: 9, Duplicates: 10, Forced: 11, Unsettled: 12, Unjoined: 13,
		},
		OpenFlows: 14,
		Devices:   []metrics.Device{{Name: "eth1", Dropped: 15, InterfaceDropped: 16}, {Name: "a\xff\n\"", Err: "gone"}},
		Results:   r.Counts(), Moved: time.Now(), Judging: 17, Storing: 18, Stored: 19, Failures: 20, Lost: 21, Database: database,
		Sinks:    []sinks.Stat{{Name: "eve", Sent: 22, Dropped: 23, Waiting: 24}, {Name: "syslog", Failing: true}},
		Evidence: &metrics.Evidence{Kept: 25, Lost: 26},
	}
}

// A scrape has the counts of the snapshot, and nothing else under our name.
func TestMetrics(t *testing.T) {
	snapshot := full(t)
	_, url := serve(t, func() metrics.Snapshot { return snapshot })
	status, body := get(t, url+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	var got []string
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		zero := strings.HasSuffix(line, " 0") && (strings.HasPrefix(line, "mailtap_findings_total") || strings.HasPrefix(line, "mailtap_sessions_total"))
		if strings.HasPrefix(line, "mailtap_") && !zero && !strings.HasPrefix(line, "mailtap_build_info") {
			got = append(got, strings.TrimPrefix(line, "mailtap_"))
		}
	}
	want := []string{
		`bad_checksum_packets_total 7`,
		`bytes_total 2`,
		`database_size_bytes 4196`,
		`device_up{device="a\\xff\\n\""} 0`,
		`device_up{device="eth1"} 1`,
		`dropped_packets_total{device="a\\xff\\n\"",where="interface"} 0`,
		`dropped_packets_total{device="a\\xff\\n\"",where="kernel"} 0`,
		`dropped_packets_total{device="eth1",where="interface"} 16`,
		`dropped_packets_total{device="eth1",where="kernel"} 15`,
		`duplicate_packets_total 10`,
		`evicted_flows_total 9`,
		`evidence_sessions_total{outcome="kept"} 25`,
		`evidence_sessions_total{outcome="lost"} 26`,
		`findings_total{rule="cleartext-password",severity="critical"} 1`,
		`findings_total{rule="other",severity="low"} 1`,
		`forced_gaps_total 11`,
		`gap_bytes_total 8`,
		`last_packet_timestamp_seconds 3.5`,
		`lost_results_total 21`,
		`open_flows 14`,
		`packets_total 1`,
		`queued_results{queue="judge"} 17`,
		`queued_results{queue="store"} 18`,
		`sessions_total{protocol="imap",verdict="exposed"} 1`,
		`sessions_total{protocol="unknown",verdict="unknown"} 1`,
		`sink_dropped_findings_total{sink="eve"} 23`,
		`sink_dropped_findings_total{sink="syslog"} 0`,
		`sink_sent_findings_total{sink="eve"} 22`,
		`sink_sent_findings_total{sink="syslog"} 0`,
		`sink_up{sink="eve"} 1`,
		`sink_up{sink="syslog"} 0`,
		`sink_waiting_findings{sink="eve"} 24`,
		`sink_waiting_findings{sink="syslog"} 0`,
		`skipped_packets_total{reason="encrypted"} 7`,
		`skipped_packets_total{reason="not_tcp"} 4`,
		`skipped_packets_total{reason="truncated"} 5`,
		`skipped_packets_total{reason="unknown_link"} 6`,
		`store_failures_total 20`,
		`stored_results_total 19`,
		`uncompared_ranges_total 12`,
		`unjoined_datagrams_total 13`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, part := range []string{`mailtap_build_info{goversion="go`, `version="1.2.3"} 1`, "\ngo_goroutines ", "\nprocess_resident_memory_bytes "} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not there", part)
		}
	}
}

func TestMetricsLint(t *testing.T) {
	snapshot := full(t)
	_, url := serve(t, func() metrics.Snapshot { return snapshot })
	_, body := get(t, url+"/metrics")
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]promlint.Problem(nil), problems); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever the sessions say, there are only so many series.
func TestBoundedLabels(t *testing.T) {
	var r metrics.Results
	for i := range 10_000 {
		r.Add(&alerts.Result{
			Session:  alerts.Session{Facts: &dissect.Facts{}},
			Findings: []alerts.Finding{{Rule: strings.Repeat("x", i), Account: "joe"}},
		})
	}
	got := r.Counts()
	if len(got.Findings) != len(rules.Rules)+1 || got.Findings[metrics.RuleSeverity{Rule: "other"}] != 10_000 {
		t.Errorf("%d kinds of findings, %d of them other", len(got.Findings), got.Findings[metrics.RuleSeverity{Rule: "other"}])
	}
}

// Counts that were returned change no more.
func TestCountsAreCopies(t *testing.T) {
	var r metrics.Results
	before := r.Counts()
	r.Add(&alerts.Result{
		Session:  alerts.Session{Facts: &dissect.Facts{}},
		Findings: []alerts.Finding{{Rule: "cleartext-password", Severity: alerts.Critical}},
	})
	kind := metrics.RuleSeverity{Rule: "cleartext-password", Severity: alerts.Critical}
	if before.Findings[kind] != 0 || r.Counts().Findings[kind] != 1 {
		t.Errorf("%d before, %d after", before.Findings[kind], r.Counts().Findings[kind])
	}
}

func TestHealth(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name     string
		snapshot metrics.Snapshot
		status   int
		body     string
	}{
		{"works", metrics.Snapshot{Moved: now, Devices: []metrics.Device{{Name: "eth1"}}}, 200, "ok\n"},
		{"drops-are-no-fault", metrics.Snapshot{Moved: now, Devices: []metrics.Device{{Name: "eth1", Dropped: 9}}}, 200, "ok\n"},
		{"not-begun", metrics.Snapshot{}, 503, "the capture has not begun\n"},
		{
			"device-gone", metrics.Snapshot{Moved: now, Devices: []metrics.Device{{Name: "eth1"}, {Name: "eth2", Err: "no such device"}}},
			503, "device eth2 is gone: no such device\n",
		},
		{"no-store", metrics.Snapshot{Moved: now, StoreErr: "disk full\n\x1b[2J"}, 503, `results cannot be stored: disk full\n\x1b[2J` + "\n"},
		{"stuck", metrics.Snapshot{Moved: now.Add(-time.Hour)}, 503, "no packet was taken for 3600 seconds\n"},
		{
			"all-at-once", metrics.Snapshot{StoreErr: "disk full", Devices: []metrics.Device{{Name: "eth1", Err: "gone"}}},
			503, "device eth1 is gone: gone; results cannot be stored: disk full; the capture has not begun\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, url := serve(t, func() metrics.Snapshot { return tt.snapshot })
			status, body := get(t, url+"/healthz")
			if status != tt.status || body != tt.body {
				t.Errorf("%d %q, want %d %q", status, body, tt.status, tt.body)
			}
		})
	}
}

func TestOtherRequests(t *testing.T) {
	_, url := serve(t, func() metrics.Snapshot { return metrics.Snapshot{} })
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/metrics", 405}, {"DELETE", "/healthz", 405}, {"GET", "/", 404}, {"GET", "/debug/pprof/", 404}, {"HEAD", "/metrics", 200},
	} {
		request, _ := http.NewRequest(tt.method, url+tt.path, nil)
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, answer.StatusCode, tt.status)
		}
	}
}

func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct{ address, want string }{
		{":9167", `--metrics ":9167": name the address, too: 127.0.0.1:9167, or 0.0.0.0:9167 for all networks`},
		{"9167", `--metrics "9167": say ADDRESS:PORT, for example 127.0.0.1:9167`},
		{"127.0.0.1:", `--metrics "127.0.0.1:": say ADDRESS:PORT, for example 127.0.0.1:9167`},
		{taken.Addr().String(), "--metrics " + taken.Addr().String() + ": address in use: another program listens there; name another port"},
		{"192.0.2.1:9167", "--metrics 192.0.2.1:9167: not an address of this machine: name one that 'ip address' lists"},
	} {
		if s, err := metrics.Listen(tt.address); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, %v, want %s", tt.address, s, err, tt.want)
		}
	}
}

func TestWarning(t *testing.T) {
	for address, warns := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "127.1.2.3:0": false, "0.0.0.0:0": true} {
		s, err := metrics.Listen(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Warning(); (got != "") != warns || strings.Contains(got, "\n") {
			t.Errorf("%s: %q", address, got)
		}
		if err := s.Close(); err != nil { // never served
			t.Error(err)
		}
	}
}

// Clients that never end their request keep neither others nor the end waiting.
func TestSlowClients(t *testing.T) {
	s, url := serve(t, func() metrics.Snapshot { return metrics.Snapshot{Moved: time.Now()} })
	var slow []net.Conn
	dial := func() net.Conn {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	for range 10 {
		c := dial()
		io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: ")
		slow = append(slow, c)
	}
	if status, body := get(t, url+"/healthz"); status != 200 {
		t.Errorf("%d %q", status, body)
	}
	http.DefaultClient.CloseIdleConnections()
	for range 100 { // far over the number of clients
		slow = append(slow, dial())
	}
	late := slow[len(slow)-1]
	io.WriteString(late, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := late.Read(make([]byte, 1)); err == nil {
		t.Error("a client over the limit is answered")
	}
	s.Close()
	for _, c := range slow {
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a slow client: %v", err)
		}
	}
}

// A scrape that is on its way when the sensor ends is not waited for very long.
func TestCloseBreaksOff(t *testing.T) {
	asked, release := make(chan bool), make(chan bool)
	s, url := serve(t, func() metrics.Snapshot {
		asked <- true
		<-release
		return metrics.Snapshot{}
	})
	failed := make(chan error)
	go func() {
		answer, err := http.Get(url + "/healthz")
		if err == nil {
			answer.Body.Close()
		}
		failed <- err
	}()
	<-asked
	s.Close()
	if err := <-failed; err == nil {
		t.Error("the scrape was answered")
	}
	close(release)
}

func BenchmarkScrape(b *testing.B) {
	var r metrics.Results
	s, err := metrics.Listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.Serve("1.2.3", func() metrics.Snapshot { return metrics.Snapshot{Results: r.Counts()} })
	b.ReportAllocs()
	for b.Loop() {
		answer, err := http.Get("http://" + s.Addr().String() + "/metrics")
		if err != nil {
			b.Fatal(err)
		}
		n, _ := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		b.SetBytes(n)
	}
}
