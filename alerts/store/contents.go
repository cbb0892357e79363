package store

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/mailtap/mailtap/alerts"
)

// contents collects what lists and filters need of the sessions of a block:
// texts and cases, each once, and behind them an entry for each session, in
// order, that names them by number.
type contents struct {
	oldest, newest int64
	verdicts       byte // a bit for each

	numbers map[string]uint64        // of texts
	kases   map[alerts.CaseID]uint64 // of cases
	texts   []byte                   // each behind its length
	cases   []byte                   // each a uid and the number of its kind
	entries []byte
	last    int64 // start of the session before
	blob    []byte
}

// The first byte of a session's entry.
const (
	verdictBits   = 0x07
	protocolShift = 3
	protocolBits  = 0x07
	entryThinned  = 1 << 6 // see record.Thin
	entryGone     = 1 << 7 // another record has taken its place
)

// The first byte of a finding in an entry.
const (
	severityBits   = 0x07
	findingAccount = 1 << 3
	findingClient  = 1 << 4 // it is not the session's
)

// start begins the contents of another block.
func (c *contents) start() {
	if c.numbers == nil {
		c.numbers, c.kases = make(map[string]uint64), make(map[alerts.CaseID]uint64)
	}
	clear(c.numbers)
	clear(c.kases)
	*c = contents{
		oldest: math.MaxInt64, newest: math.MinInt64,
		numbers: c.numbers, kases: c.kases, texts: c.texts[:0], cases: c.cases[:0], entries: c.entries[:0], blob: c.blob[:0],
	}
}

func (c *contents) span(time int64) {
	c.oldest, c.newest = min(c.oldest, time), max(c.newest, time)
}

func (c *contents) uint(v uint64) { c.entries = binary.AppendUvarint(c.entries, v) }
func (c *contents) int(v int64)   { c.entries = binary.AppendVarint(c.entries, v) }

// text names a text in the entry.
func (c *contents) text(b []byte) {
	n, ok := c.numbers[string(b)]
	if !ok {
		n = uint64(len(c.numbers))
		c.numbers[string(b)] = n
		c.texts = binary.AppendUvarint(c.texts, uint64(len(b)))
		c.texts = append(c.texts, b...)
	}
	c.uint(n)
}

func (c *contents) client(client netip.AddrPort) {
	var buf [64]byte
	c.text(client.Addr().AppendTo(buf[:0])) // without its port, which changes all the time
}

func (c *contents) server(server netip.AddrPort) {
	var buf [64]byte
	c.text(server.AppendTo(buf[:0]))
}

// session begins the entry of a session.
func (c *contents) session(s *alerts.Session, findings int) {
	f := s.Facts
	c.span(f.Start)
	c.verdicts |= 1 << s.Verdict
	c.entries = append(c.entries, byte(s.Verdict)|byte(f.Protocol)<<protocolShift)
	c.int(f.Start - c.last)
	c.last = f.Start
	c.client(f.Client)
	c.server(f.Server)
	c.uint(uint64(findings))
}

// finding adds one to the entry of s. Its case must have been added.
func (c *contents) finding(s *alerts.Session, f *alerts.Finding) {
	c.span(f.Time)
	flags := byte(f.Severity)
	if f.HasAccount {
		flags |= findingAccount
	}
	if f.Client != s.Facts.Client {
		flags |= findingClient
	}
	c.entries = append(c.entries, flags)
	c.int(f.Time - s.Facts.Start)
	c.uint(c.kases[f.Case])
	if f.HasAccount {
		var buf [64]byte
		c.text(append(buf[:0], f.Account...))
	}
	if flags&findingClient != 0 {
		c.client(f.Client)
	}
}

func (c *contents) hasCase(id alerts.CaseID) bool {
	_, ok := c.kases[id]
	return ok
}

// addCase adds a case, of which kind is the number.
func (c *contents) addCase(id alerts.CaseID, kind int64) {
	c.kases[id] = uint64(len(c.kases))
	c.cases = append(c.cases, id[:]...)
	c.cases = binary.AppendUvarint(c.cases, uint64(kind))
}

// bytes returns what is stored, valid until the next start.
func (c *contents) bytes() []byte {
	c.blob = append(c.blob[:0], c.verdicts)
	c.blob = binary.AppendUvarint(c.blob, uint64(len(c.numbers)))
	c.blob = append(c.blob, c.texts...)
	c.blob = binary.AppendUvarint(c.blob, uint64(len(c.kases)))
	c.blob = append(c.blob, c.cases...)
	return append(c.blob, c.entries...)
}
