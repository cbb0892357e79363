package export

import (
	"maps"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of what a report says of the captures.
const (
	maxSeenFiles  = 1000 // captures that are counted
	maxShownFiles = 8    // and named
)

// seen is how well the sessions of a report were captured.
type seen struct {
	packets, bytes uint64
	first, last    int64 // begin of the first session and end of the last; both 0: none
	partial        uint64
	cut, evicted   uint64
	files          map[string]bool
	moreFiles      bool // than are counted
}

// inPart are the flags of sessions of which something is missing.
const inPart = dissect.Midstream | dissect.OneSided | dissect.Gap | dissect.Evicted | dissect.Truncated

func (n *seen) session(s *alerts.Session) {
	f := s.Facts
	n.packets += f.Packets
	n.bytes += f.Bytes[dissect.Client] + f.Bytes[dissect.Server]
	if n.first == 0 && n.last == 0 {
		n.first, n.last = f.Start, f.End
	}
	n.first, n.last = min(n.first, f.Start), max(n.last, f.End)
	count := func(flags dissect.Flags, of *uint64) {
		if f.Flags&flags != 0 {
			*of++
		}
	}
	count(inPart, &n.partial)
	count(dissect.Truncated, &n.cut)
	count(dissect.Evicted, &n.evicted)
	for _, name := range f.Files {
		switch {
		case n.files[name]:
		case len(n.files) == maxSeenFiles:
			n.moreFiles = true
		default:
			if n.files == nil {
				n.files = make(map[string]bool)
			}
			n.files[strings.Clone(name)] = true
		}
	}
}

// seenView is what the page says of that.
type seenView struct {
	From, To       string
	Packets, Bytes uint64
	Partial        uint64
	Files          []string
	Count          uint64 // of files
	MoreFiles      bool   // than Count
	MoreNames      uint64 // than are named
	Limits         []coverageRow
}

// coverageRow is one thing that limits what could be found.
type coverageRow struct {
	Name  string
	Count uint64
	Means string
}

// coverage tells what was seen, and what was not; nil where no session was
// added.
func (r *Report) coverage(sessions uint64) *seenView {
	if sessions == 0 {
		return nil
	}
	n := &r.seen
	names := slices.Sorted(maps.Keys(n.files))
	shown := names[:min(len(names), maxShownFiles)]
	return &seenView{
		From: minutes(n.first), To: minutes(n.last), Packets: n.packets, Bytes: n.bytes, Partial: n.partial,
		Files: shown, Count: uint64(len(names)), MoreFiles: n.moreFiles, MoreNames: uint64(len(names) - len(shown)),
		Limits: []coverageRow{
			{"joined late", r.counts.Midstream, "the beginning was not captured: what was offered then is not known"},
			{"one side only", r.counts.OneSided, "answers, or questions, were not captured"},
			{"lost bytes", r.counts.Gapped, "packets were lost: a login or a message may be among them"},
			{"cut packets", n.cut, "the capture kept only the beginning of packets"},
			{"ended by a limit", n.evicted, "too much went on at a time to follow it to its end"},
			{"unknown verdict", r.counts.Sessions[alerts.UnknownVerdict], "too little was seen to tell"},
		},
	}
}
