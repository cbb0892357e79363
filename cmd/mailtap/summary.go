package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
)

// sum adds up what two engines have seen.
func sum(a, b engine.Stats) engine.Stats {
	switch {
	case a.Packets == 0:
		a.First, a.Last = b.First, b.Last
	case b.Packets > 0:
		a.First, a.Last = min(a.First, b.First), max(a.Last, b.Last)
	}
	a.Packets += b.Packets
	a.Bytes += b.Bytes
	a.NotTCP += b.NotTCP
	a.Truncated += b.Truncated
	a.UnknownLink += b.UnknownLink
	a.Encrypted += b.Encrypted
	a.BadChecksums += b.BadChecksums
	a.GapBytes += b.GapBytes
	a.Evicted += b.Evicted
	a.Duplicates += b.Duplicates
	a.Forced += b.Forced
	a.Unsettled += b.Unsettled
	a.Unpathed += b.Unpathed
	a.Fragments += b.Fragments
	a.Joined += b.Joined
	a.Unjoined += b.Unjoined
	return a
}

// speed says how long the run took, which is nobody's but the reader's: it is
// not part of the results.
func speed(st engine.Stats, took time.Duration) string {
	return fmt.Sprintf("%s, %.1f MB in %.2f s (%.0f MB/s)", numbered(st.Packets, "packet", "packets"),
		float64(st.Bytes)/1e6, took.Seconds(), float64(st.Bytes)/1e6/max(took.Seconds(), 1e-9))
}

// summaryText says in words what was seen and what was not.
func summaryText(s *alerts.Summary) string {
	var b strings.Builder
	n := s.Sessions
	total := n[alerts.Exposed] + n[alerts.Weak] + n[alerts.Clear] + n[alerts.Protected] + n[alerts.UnknownVerdict]
	fmt.Fprintf(&b, "\n%s: %d exposed, %d weak, %d clear, %d protected, %d unknown\n", numbered(total, "mail session", "mail sessions"),
		n[alerts.Exposed], n[alerts.Weak], n[alerts.Clear], n[alerts.Protected], n[alerts.UnknownVerdict])
	c := s.Findings
	fmt.Fprintf(&b, "findings: %d critical, %d high, %d medium, %d low, %d info\n",
		c[alerts.Critical], c[alerts.High], c[alerts.Medium], c[alerts.Low], c[alerts.Info])
	writeCounts(&b, "not all was seen: ", []count{
		{s.Midstream, "session joined late", "sessions joined late"},
		{s.OneSided, "session seen from one side only", "sessions seen from one side only"},
		{s.Gapped, "session with lost bytes", "sessions with lost bytes"},
		{s.GapBytes, "byte lost", "bytes lost"},
		{s.Dropped, "packet dropped before it was seen", "packets dropped before they were seen"},
		{s.UnknownLink, "packet of an unknown link type", "packets of an unknown link type"},
		{s.Encrypted, "frame that Wi-Fi has encrypted", "frames that Wi-Fi has encrypted"},
		{s.TruncatedPackets, "packet cut within its headers", "packets cut within their headers"},
		{uint64(len(s.Damaged)), "file read only up to its damage", "files read only up to their damage"},
	})
	writeCounts(&b, "passed over: ", []count{
		{s.DuplicatePackets, "packet that was captured twice", "packets that were captured twice"},
	})
	return b.String()
}

// exceptionsText says how many findings a policy accepts: they are counted all
// the same.
func exceptionsText(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("exceptions of the policy: %s, counted above as well\n", numbered(n, "finding", "findings"))
}

// limitsText says in words which bounds of memory were reached, and what that
// costs.
func limitsText(st *engine.Stats) string {
	var b strings.Builder
	writeCounts(&b, "limits that were reached: ", []count{
		{st.Evicted, "connection given up, as too many were open at a time", "connections given up, as too many were open at a time"},
		{st.Forced, "time that a missing packet was not waited for any longer, as too much was held back",
			"times that missing packets were not waited for any longer, as too much was held back"},
		{st.Unsettled, "repeated range that was not compared, so a forged packet may have been missed",
			"repeated ranges that were not compared, so a forged packet may have been missed"},
		{st.Unjoined, "datagram whose fragments were not put together, by a limit or as some were missing",
			"datagrams whose fragments were not put together, by a limit or as some were missing"},
		{st.Unpathed, "packet whose VLANs and tunnels were not told apart, as there are too many",
			"packets whose VLANs and tunnels were not told apart, as there are too many"},
	})
	return b.String()
}

// count is a number of things, in words for one and for many.
type count struct {
	n         uint64
	one, many string
}

// writeCounts writes a line of the counts that are not 0, if there are any.
func writeCounts(b *strings.Builder, about string, counts []count) {
	var words []string
	for _, c := range counts {
		if c.n > 0 {
			words = append(words, numbered(c.n, c.one, c.many))
		}
	}
	if len(words) > 0 {
		fmt.Fprintf(b, "%s%s\n", about, strings.Join(words, ", "))
	}
}
