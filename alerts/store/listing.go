package store

import (
	"encoding/binary"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// listing reads contents back. Its texts lie in the bytes that load was given.
type listing struct {
	verdicts byte // a bit for each that a session has
	texts    [][]byte
	cases    []caseRef

	b     []byte
	at    int
	bad   bool // what it holds makes no sense
	place int64
	last  int64
}

// caseRef is a case as contents name it.
type caseRef struct {
	id   alerts.CaseID
	kind int64 // kinds.id
}

// entry is one session of a listing.
type entry struct {
	place          int64 // in its block
	flagsAt        int   // where its first byte is
	gone, thinned  bool
	verdict        alerts.Verdict
	protocol       dissect.Protocol
	start          int64
	client, server int // in texts
	findings       []findingEntry
}

type findingEntry struct {
	time            int64
	kase            int // in cases
	client, account int // in texts; noText where it has no account
	severity        alerts.Severity
}

const noText = -1

// load begins to read contents.
func (l *listing) load(b []byte) {
	*l = listing{texts: l.texts[:0], cases: l.cases[:0], b: b}
	l.verdicts = l.byte()
	for range l.count(1) {
		l.texts = append(l.texts, l.take(l.uint()))
	}
	const least = len(alerts.CaseID{}) + 1
	for range l.count(least) {
		var c caseRef
		copy(c.id[:], l.take(uint64(len(c.id))))
		c.kind = int64(l.uint())
		l.cases = append(l.cases, c)
	}
}

// next reads the next entry into e, or returns false at the end.
func (l *listing) next(e *entry) bool {
	if l.bad || l.at == len(l.b) {
		return false
	}
	findings := e.findings[:0]
	*e = entry{place: l.place, flagsAt: l.at}
	l.place++
	flags := l.byte()
	e.gone, e.thinned = flags&entryGone != 0, flags&entryThinned != 0
	e.verdict = alerts.Verdict(l.upTo(flags&verdictBits, byte(alerts.Exposed)))
	e.protocol = dissect.Protocol(l.upTo(flags>>protocolShift&protocolBits, byte(dissect.ManageSieve)))
	l.last += l.int()
	e.start = l.last
	e.client, e.server = l.text(), l.text()
	for range l.count(minFindingEntry) {
		findings = append(findings, l.finding(e))
	}
	e.findings = findings
	return !l.bad
}

// minFindingEntry is the least bytes that a finding takes.
const minFindingEntry = 3

func (l *listing) finding(e *entry) findingEntry {
	flags := l.byte()
	f := findingEntry{
		severity: alerts.Severity(l.upTo(flags&severityBits, byte(alerts.Critical))),
		time:     e.start + l.int(),
		kase:     l.number(len(l.cases)),
		account:  noText,
		client:   e.client,
	}
	if flags&findingAccount != 0 {
		f.account = l.text()
	}
	if flags&findingClient != 0 {
		f.client = l.text()
	}
	return f
}

// fail ends the reading.
func (l *listing) fail() {
	l.bad = true
	l.at = len(l.b)
}

func (l *listing) take(n uint64) []byte {
	if n > uint64(len(l.b)-l.at) {
		l.fail()
		return nil
	}
	from := l.at
	l.at += int(n)
	return l.b[from:l.at:l.at]
}

func (l *listing) byte() byte {
	if l.at == len(l.b) {
		l.fail()
		return 0
	}
	l.at++
	return l.b[l.at-1]
}

func (l *listing) upTo(v, most byte) byte {
	if v > most {
		l.fail()
		return 0
	}
	return v
}

// uint reads a number. Most have one byte.
func (l *listing) uint() uint64 {
	if l.at < len(l.b) && l.b[l.at] < 0x80 {
		l.at++
		return uint64(l.b[l.at-1])
	}
	return l.long()
}

func (l *listing) long() uint64 {
	v, n := binary.Uvarint(l.b[l.at:])
	if n <= 0 {
		l.fail()
		return 0
	}
	l.at += n
	return v
}

func (l *listing) int() int64 {
	v := l.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// number reads the number of one of n elements.
func (l *listing) number(n int) int {
	if v := l.uint(); v < uint64(n) {
		return int(v)
	}
	l.fail()
	return 0
}

func (l *listing) text() int { return l.number(len(l.texts)) }

// count reads the length of a list whose elements take least bytes or more.
func (l *listing) count(least int) int {
	n := l.uint()
	if n > uint64((len(l.b)-l.at)/least) {
		l.fail()
		return 0
	}
	return int(n)
}
