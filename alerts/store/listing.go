package store

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// listing reads contents back. Its texts lie in the bytes that load was given:
// a slice for each would have the garbage collector look at all of them.
type listing struct {
	verdicts byte // a bit for each that a session has
	texts    []textSpan
	cases    []caseRef

	b     []byte
	at    int
	bad   bool // what it holds makes no sense
	place int64
	last  int64
	left  int // findings of the last session that were not read
}

// textSpan is a part of bytes that hold many texts.
type textSpan struct{ from, to int32 }

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
		n := l.uint()
		from := int32(l.at)
		l.take(n)
		l.texts = append(l.texts, textSpan{from, int32(l.at)})
	}
	const least = len(alerts.CaseID{}) + 1
	for range l.count(least) {
		var c caseRef
		copy(c.id[:], l.take(uint64(len(c.id))))
		c.kind = int64(l.uint())
		l.cases = append(l.cases, c)
	}
}

// text returns the n-th text.
func (l *listing) text(n int) []byte {
	s := l.texts[n]
	return l.b[s.from:s.to:s.to]
}

// next reads the next entry into e, or returns false at the end.
func (l *listing) next(e *entry) bool { return l.session(e) && l.findings(e) }

// session reads the next entry without its findings, which most lists need of
// few sessions.
func (l *listing) session(e *entry) bool {
	l.skip()
	if l.bad || l.at == len(l.b) {
		return false
	}
	*e = entry{place: l.place, flagsAt: l.at, findings: e.findings[:0]}
	l.place++
	flags := l.byte()
	e.gone, e.thinned = flags&entryGone != 0, flags&entryThinned != 0
	e.verdict = alerts.Verdict(l.upTo(flags&verdictBits, byte(alerts.Exposed)))
	e.protocol = dissect.Protocol(l.upTo(flags>>protocolShift&protocolBits, byte(dissect.ManageSieve)))
	l.last += signed(l.long())
	e.start = l.last
	e.client, e.server = l.textNumber(), l.textNumber()
	l.left = l.count(minFindingEntry)
	return !l.bad
}

// findings reads those of the session that was read last. It gives none, and
// returns false, where they make no sense.
func (l *listing) findings(e *entry) bool {
	e.findings = slices.Grow(e.findings[:0], l.left)[:l.left]
	l.left = 0
	for i := range e.findings {
		l.finding(e, &e.findings[i])
	}
	if l.bad {
		e.findings = e.findings[:0]
	}
	return !l.bad
}

// minFindingEntry is the least bytes that a finding takes.
const minFindingEntry = 3

func (l *listing) finding(e *entry, f *findingEntry) {
	flags := l.byte()
	f.severity = alerts.Severity(l.upTo(flags&severityBits, byte(alerts.Critical)))
	f.time = e.start + signed(l.long())
	f.kase = l.number(len(l.cases))
	f.account, f.client = noText, e.client
	if flags&findingAccount != 0 {
		f.account = l.textNumber()
	}
	if flags&findingClient != 0 {
		f.client = l.textNumber()
	}
}

// skip passes over the findings that are left.
func (l *listing) skip() {
	for ; l.left > 0; l.left-- {
		flags := l.byte()
		numbers := 2 + int(flags&findingAccount/findingAccount) + int(flags&findingClient/findingClient)
		for ; numbers > 0 && !l.bad; numbers-- {
			for l.byte() >= 0x80 {
			}
		}
	}
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
	if l.at < len(l.b) {
		if v := l.b[l.at]; v < 0x80 {
			l.at++
			return uint64(v)
		}
	}
	return l.long()
}

// long reads a number that mostly has several bytes, as times do, all at once:
// its digits of base 128 are joined two by two.
func (l *listing) long() uint64 {
	if len(l.b)-l.at < 8 {
		return l.anyLength()
	}
	v := binary.LittleEndian.Uint64(l.b[l.at:])
	ends := ^v & 0x8080808080808080 // the bytes without the bit that says there is more
	if ends == 0 {
		return l.anyLength()
	}
	l.at += bits.TrailingZeros64(ends)/8 + 1
	v &= (ends ^ (ends - 1)) & 0x7f7f7f7f7f7f7f7f
	v = v&0x007f007f007f007f | v>>1&0x3f803f803f803f80
	v = v&0x00003fff00003fff | v>>2&0x0fffc0000fffc000
	return v&0x000000000fffffff | v>>4&0x00fffffff0000000
}

func (l *listing) anyLength() uint64 {
	v, n := binary.Uvarint(l.b[l.at:])
	if n <= 0 {
		l.fail()
		return 0
	}
	l.at += n
	return v
}

// signed undoes the zigzag by which numbers of either sign are written.
func signed(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// number reads the number of one of n elements.
func (l *listing) number(n int) int {
	v := l.uint()
	if v >= uint64(n) {
		l.fail()
		return 0
	}
	return int(v)
}

func (l *listing) textNumber() int { return l.number(len(l.texts)) }

// count reads the length of a list whose elements take least bytes or more.
func (l *listing) count(least int) int {
	n := l.uint()
	if n > uint64((len(l.b)-l.at)/least) {
		l.fail()
		return 0
	}
	return int(n)
}
