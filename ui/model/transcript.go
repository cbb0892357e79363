package model

import (
	"cmp"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// MaxLines is how many lines of a session a transcript has.
const MaxLines = 40

// Transcript is what is kept of the words of one session.
type Transcript struct {
	Session  alerts.Session
	Findings []alerts.Finding // that the session gave for the case; on its own page all of them
	Others   []alerts.Finding // that it gave for other cases
	Lines    []Line           // in order of time, at most MaxLines
	Left     int              // lines beyond MaxLines
}

// Line is one line that a side sent, secrets masked.
type Line struct {
	Side   dissect.Side
	Time   int64 // ns since 1970 UTC
	File   string
	Packet uint64 // in File, from 1
	Text   string
	Proof  bool // it is evidence of the case
	Tells  bool // and it settled that
}

// newTranscript puts what is kept of the words of a session and the evidence of
// its findings in order.
func newTranscript(s alerts.Session, findings []alerts.Finding) Transcript {
	var lines []Line
	index := make(map[Line]int)
	add := func(l Line, proof, tells bool) {
		i, known := index[l]
		if !known {
			i = len(lines)
			index[l] = i
			lines = append(lines, l)
		}
		lines[i].Proof = lines[i].Proof || proof
		lines[i].Tells = lines[i].Tells || tells
	}
	for _, q := range slices.Concat(s.Facts.Transcript, quotes(s.Facts)) {
		if q.Text != "" {
			add(Line{Side: q.Side, Time: q.Stamp.Time, File: alerts.FileOf(s.Facts, q.Stamp), Packet: q.Stamp.Packet, Text: q.Text}, false, false)
		}
	}
	for _, f := range findings {
		for _, e := range f.Evidence {
			add(Line{Side: e.From, Time: e.Time, File: e.File, Packet: e.Packet, Text: e.Text}, true, e.Time == f.Time)
		}
	}
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Packet, b.Packet))
	})
	all := len(lines)
	lines = telling(lines)
	return Transcript{Session: s, Findings: findings, Lines: lines, Left: all - len(lines)}
}

// telling keeps MaxLines of the lines: the evidence, then what came first.
func telling(lines []Line) []Line {
	spare := MaxLines
	for _, l := range lines {
		if l.Proof {
			spare--
		}
	}
	lines = slices.DeleteFunc(lines, func(l Line) bool {
		if !l.Proof {
			spare--
		}
		return !l.Proof && spare < 0
	})
	return lines[:min(len(lines), MaxLines)]
}

// quotes returns every line that f keeps, those of one exchange in order.
func quotes(f *dissect.Facts) []dissect.Quote {
	list := []dissect.Quote{f.Offer.Quote}
	list = append(list, f.STARTTLS.Quotes...)
	for _, q := range []*dissect.Quote{f.MailCommand, f.Preauth, f.Injected} {
		if q != nil {
			list = append(list, *q)
		}
	}
	for _, a := range f.Auth {
		list = append(list, a.Quotes...)
	}
	for _, m := range f.Messages {
		list = append(list, m.Quotes...)
	}
	return list
}
