package metrics

import (
	"os"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

// metric is one family of numbers.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("mailtap_"+name, help, labels, nil), prometheus.CounterValue}
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc("mailtap_"+name, help, labels, nil), prometheus.GaugeValue}
}

var (
	buildInfo = gauge("build_info", "The program; the value is always 1.", "version", "goversion")

	packets       = counter("packets_total", "Packets that were read.")
	packetBytes   = counter("bytes_total", "Bytes of the packets that were read, as long as they were on the wire.")
	lastPacket    = gauge("last_packet_timestamp_seconds", "Time of the latest packet; 0 before the first.")
	dropped       = counter("dropped_packets_total", "Packets that were lost before they were read.", "device", "where")
	deviceUp      = gauge("device_up", "Whether the device is there (1); its link may be down.", "device")
	skipped       = counter("skipped_packets_total", "Packets that were not followed.", "reason")
	duplicates    = counter("duplicate_packets_total", "Packets that were captured twice.")
	badChecksums  = counter("bad_checksum_packets_total", "Packets of mail with a wrong checksum; offloading makes them, too.")
	openFlows     = gauge("open_flows", "TCP connections that are followed.")
	evicted       = counter("evicted_flows_total", "TCP connections given up at a limit.")
	forced        = counter("forced_gaps_total", "Times that a limit gave up waiting for missing bytes.")
	unsettled     = counter("uncompared_ranges_total", "Repeated ranges of bytes that a limit left uncompared.")
	unjoined      = counter("unjoined_datagrams_total", "IP datagrams whose fragments were not put together.")
	gapBytes      = counter("gap_bytes_total", "Bytes lost in mail sessions.")
	sessions      = counter("sessions_total", "Mail sessions that were judged.", "protocol", "verdict")
	findings      = counter("findings_total", "Findings.", "rule", "severity")
	queued        = gauge("queued_results", "Sessions that wait to be judged, and results that wait to be stored.", "queue")
	stored        = counter("stored_results_total", "Results that were stored.")
	storeFailures = counter("store_failures_total", "Attempts to store results that failed.")
	lost          = counter("lost_results_total", "Results that were given up without being stored.")
	databaseSize  = gauge("database_size_bytes", "Size of the database and its write-ahead log.")
	sinkSent      = counter("sink_sent_findings_total", "Findings that a sink was sent.", "sink")
	sinkDropped   = counter("sink_dropped_findings_total", "Findings that a sink was not sent, as it was away or too slow.", "sink")
	sinkWaiting   = gauge("sink_waiting_findings", "Findings that a sink is to be sent.", "sink")
	evidence      = counter("evidence_sessions_total", "Sessions with findings whose packets were kept, or could not be.", "outcome")
	sinkUp        = gauge("sink_up", "Whether the last attempt to send to the sink worked (1).", "sink")
)

// collector turns a snapshot into metrics at each scrape.
type collector struct {
	version  string
	snapshot func() Snapshot
}

func newRegistry(version string, snapshot func() Snapshot) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collector{version, snapshot},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}

// Describe names no metric: which there are depends on what is captured and
// kept, and nothing else registers such names.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect takes a snapshot.
func (c collector) Collect(to chan<- prometheus.Metric) {
	s := c.snapshot()
	e := &s.Engine
	send(to, buildInfo, 1, c.version, runtime.Version())
	send(to, packets, float64(e.Packets))
	send(to, packetBytes, float64(e.Bytes))
	send(to, lastPacket, float64(e.Last)/1e9)
	for _, d := range s.Devices {
		name := export.Clean(d.Name) // Linux allows any bytes in it, Prometheus UTF-8 only
		send(to, dropped, float64(d.Dropped), name, "kernel")
		send(to, dropped, float64(d.InterfaceDropped), name, "interface")
		send(to, deviceUp, truth(d.Err == ""), name)
	}
	send(to, skipped, float64(e.NotTCP), "not_tcp")
	send(to, skipped, float64(e.Truncated), "truncated")
	send(to, skipped, float64(e.UnknownLink), "unknown_link")
	send(to, skipped, float64(e.Encrypted), "encrypted")
	send(to, duplicates, float64(e.Duplicates))
	send(to, badChecksums, float64(e.BadChecksums))
	send(to, openFlows, float64(s.OpenFlows))
	send(to, evicted, float64(e.Evicted))
	send(to, forced, float64(e.Forced))
	send(to, unsettled, float64(e.Unsettled))
	send(to, unjoined, float64(e.Unjoined))
	send(to, gapBytes, float64(e.GapBytes))
	s.Results.collect(to)
	s.collectStore(to)
	if s.Evidence != nil {
		send(to, evidence, float64(s.Evidence.Kept), "kept")
		send(to, evidence, float64(s.Evidence.Lost), "lost")
	}
	for _, k := range s.Sinks {
		send(to, sinkSent, float64(k.Sent), k.Name)
		send(to, sinkDropped, float64(k.Dropped), k.Name)
		send(to, sinkWaiting, float64(k.Waiting), k.Name)
		send(to, sinkUp, truth(!k.Failing), k.Name)
	}
}

func (c *Counts) collect(to chan<- prometheus.Metric) {
	for p := range c.Sessions {
		protocol := dissect.Protocol(p).String()
		if protocol == "" {
			protocol = "unknown"
		}
		for v, n := range c.Sessions[p] {
			send(to, sessions, float64(n), protocol, alerts.Verdict(v).String())
		}
	}
	for kind, n := range c.Findings {
		send(to, findings, float64(n), kind.Rule, kind.Severity.String())
	}
}

func (s *Snapshot) collectStore(to chan<- prometheus.Metric) {
	send(to, queued, float64(s.Judging), "judge")
	send(to, queued, float64(s.Storing), "store")
	send(to, stored, float64(s.Stored))
	send(to, storeFailures, float64(s.Failures))
	send(to, lost, float64(s.Lost))
	if s.Database != "" {
		send(to, databaseSize, float64(size(s.Database)+size(s.Database+"-wal")))
	}
}

func send(to chan<- prometheus.Metric, m metric, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// size is 0 for a file that is not there.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
