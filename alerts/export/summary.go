package export

import "github.com/mailtap/mailtap/alerts"

type summaryObject struct {
	Type         string         `json:"type"`
	Packets      uint64         `json:"packets"`
	Bytes        uint64         `json:"bytes"`
	First        *string        `json:"first"`
	Last         *string        `json:"last"`
	Sessions     verdictCounts  `json:"sessions"`
	Findings     severityCounts `json:"findings"`
	Coverage     coverageCounts `json:"coverage"`
	Skipped      skippedCounts  `json:"skipped"`
	BadChecksums uint64         `json:"bad_checksums"`
	Dropped      uint64         `json:"dropped"`
	Damaged      []string       `json:"damaged"`
}

type verdictCounts struct {
	Exposed   uint64 `json:"exposed"`
	Weak      uint64 `json:"weak"`
	Clear     uint64 `json:"clear"`
	Protected uint64 `json:"protected"`
	Unknown   uint64 `json:"unknown"`
}

type severityCounts struct {
	Critical uint64 `json:"critical"`
	High     uint64 `json:"high"`
	Medium   uint64 `json:"medium"`
	Low      uint64 `json:"low"`
	Info     uint64 `json:"info"`
}

type coverageCounts struct {
	Midstream uint64 `json:"midstream"`
	OneSided  uint64 `json:"one_sided"`
	Gapped    uint64 `json:"gapped"`
	GapBytes  uint64 `json:"gap_bytes"`
}

type skippedCounts struct {
	NotTCP           uint64 `json:"not_tcp"`
	Truncated        uint64 `json:"truncated"`
	UnknownLink      uint64 `json:"unknown_link"`
	Encrypted        uint64 `json:"encrypted,omitzero"` // of Wi-Fi
	EvictedFlows     uint64 `json:"evicted_flows"`
	DuplicatePackets uint64 `json:"duplicate_packets"`
}

func newSummary(s *alerts.Summary) *summaryObject {
	v, n := s.Sessions, s.Findings
	out := &summaryObject{
		Type: "summary", Packets: s.Packets, Bytes: s.Bytes,
		Sessions: verdictCounts{
			Exposed: v[alerts.Exposed], Weak: v[alerts.Weak], Clear: v[alerts.Clear],
			Protected: v[alerts.Protected], Unknown: v[alerts.UnknownVerdict],
		},
		Findings: severityCounts{
			Critical: n[alerts.Critical], High: n[alerts.High], Medium: n[alerts.Medium],
			Low: n[alerts.Low], Info: n[alerts.Info],
		},
		Coverage:     coverageCounts{s.Midstream, s.OneSided, s.Gapped, s.GapBytes},
		Skipped:      skippedCounts{s.NotTCP, s.TruncatedPackets, s.UnknownLink, s.Encrypted, s.EvictedFlows, s.DuplicatePackets},
		BadChecksums: s.BadChecksums, Dropped: s.Dropped, Damaged: list(s.Damaged),
	}
	if s.First != 0 || s.Last != 0 {
		out.First, out.Last = known(formatTime(s.First)), known(formatTime(s.Last))
	}
	return out
}
