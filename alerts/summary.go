package alerts

import "github.com/mailtap/mailtap/dissect"

// Summary is what a run saw, found and left out.
type Summary struct {
	Packets, Bytes uint64
	First, Last    int64     // packet times, ns since 1970 UTC; both 0: no packet
	Sessions       [5]uint64 // by Verdict
	Findings       [5]uint64 // by Severity

	// What limits the findings: sessions, and bytes lost in them.
	Midstream, OneSided, Gapped, GapBytes uint64

	// What was skipped.
	NotTCP, TruncatedPackets, UnknownLink, Encrypted, EvictedFlows, DuplicatePackets uint64

	BadChecksums uint64
	Dropped      uint64   // packets that the device or the kernel dropped
	Damaged      []string // captures with damage: the file, the place and what is wrong
}

// Add counts one session and its findings.
func (s *Summary) Add(r *Result) {
	s.Sessions[r.Session.Verdict]++
	for i := range r.Findings {
		s.Findings[r.Findings[i].Severity]++
	}
	count := func(flag dissect.Flags, n *uint64) {
		if r.Session.Facts.Flags&flag != 0 {
			*n++
		}
	}
	count(dissect.Midstream, &s.Midstream)
	count(dissect.OneSided, &s.OneSided)
	count(dissect.Gap, &s.Gapped)
}
