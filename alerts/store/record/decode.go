package record

import (
	"encoding/binary"
	"net/netip"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Decode reads a record. The findings lack what they share with their case:
// Case, Title and Blame. Nothing of b is kept.
func Decode(b []byte) (alerts.Session, []alerts.Finding, error) {
	d := decoder{b: b}
	if len(b) > MaxSize || d.byte() != version {
		return alerts.Session{}, nil, &DecodeError{}
	}
	var s alerts.Session
	derived := d.byte()&sessionDerived != 0
	if !derived {
		s.ID = d.id()
	}
	s.Verdict = alerts.Verdict(d.upTo(byte(alerts.Exposed)))
	s.Facts = d.facts()
	if derived {
		s.ID = alerts.NewSessionID(s.Facts)
	}
	var findings []alerts.Finding
	for range d.count(minFinding) {
		findings = append(findings, d.finding(&s))
	}
	if d.bad || d.at != len(b) {
		return alerts.Session{}, nil, &DecodeError{d.at}
	}
	return s, findings, nil
}

// The least bytes that an element of a list takes, so that a count can be
// held against the bytes that are left.
const (
	minText     = 1
	minPair     = 2
	minQuote    = 5
	minAgain    = 2
	minEvidence = 2
	minAttempt  = 8
	minMessage  = 9
	minFinding  = 8

	minCertificate = 9
	minToken       = 1 + minQuote
	minOverlap     = 3 + 2*minQuote
)

// decoder reads from b. After the first thing that makes no sense it is bad
// and gives zeros.
type decoder struct {
	b     []byte
	at    int
	bad   bool
	words []string
	last  stamp

	quoted []dissect.Quote // the first quotes
}

// take returns the next n bytes, or nil.
func (d *decoder) take(n uint64) []byte {
	if d.bad || n > uint64(len(d.b)-d.at) {
		d.bad = true
		return nil
	}
	taken := d.b[d.at : d.at+int(n)]
	d.at += int(n)
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

// upTo reads one value of an enumeration that ends with most: their String
// methods trust it.
func (d *decoder) upTo(most byte) byte {
	v := d.byte()
	if v > most {
		d.bad = true
		return 0
	}
	return v
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b[d.at:])
	if n <= 0 || d.take(uint64(n)) == nil {
		d.bad = true
		return 0
	}
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b[d.at:])
	if n <= 0 || d.take(uint64(n)) == nil {
		d.bad = true
		return 0
	}
	return v
}

// count reads the length of a list whose elements take least bytes or more.
func (d *decoder) count(least int) int {
	n := d.uint()
	if d.bad || n > uint64((len(d.b)-d.at)/least) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	v := d.uint()
	if v&1 != 0 {
		if v>>1 < uint64(len(d.words)) {
			return d.words[v>>1]
		}
		d.bad = true
		return ""
	}
	s := string(d.take(v >> 1))
	if s != "" && len(d.words) < maxWords {
		d.words = append(d.words, s)
	}
	return s
}

func (d *decoder) texts() (list []string) {
	for range d.count(minText) {
		list = append(list, d.text())
	}
	return list
}

func (d *decoder) id() (id [12]byte) {
	copy(id[:], d.take(uint64(len(id))))
	return id
}

func (d *decoder) stamp() stamp {
	d.last.time += d.int()
	d.last.packet += uint64(d.int())
	return d.last
}

// side tells whose flag it is: zero is the client's.
func side(flag byte) dissect.Side {
	if flag != 0 {
		return dissect.Server
	}
	return dissect.Client
}

func (d *decoder) endpoint() (a netip.AddrPort) {
	if a.UnmarshalBinary(d.take(uint64(d.byte()))) != nil || a.Addr().Zone() != "" {
		d.bad = true
		return netip.AddrPort{}
	}
	return a
}

func (d *decoder) quote() dissect.Quote { return d.quoteBehind(d.byte()) }

// quoteBehind reads the rest of a quote.
func (d *decoder) quoteBehind(flags byte) (q dissect.Quote) {
	q.Side = dissect.Side(flags & fromServer)
	st := d.stamp()
	q.Stamp = dissect.Stamp{Time: st.time, Packet: st.packet, File: int32(d.int())}
	q.Text = d.text()
	if flags&hasHide != 0 {
		q.Hide.From = int(d.int())
		q.Hide.To = int(d.int())
	}
	if len(d.quoted) < maxQuoted {
		d.quoted = append(d.quoted, q)
	}
	return q
}

// quoteAgain reads which quote of the record it is.
func (d *decoder) quoteAgain() dissect.Quote {
	n := d.uint()
	if n >= uint64(len(d.quoted)) {
		d.bad = true
		return dissect.Quote{}
	}
	return d.quoted[n]
}

func (d *decoder) transcript() (list []dissect.Quote) {
	for range d.count(minAgain) {
		flags := d.byte()
		if flags&again != 0 {
			list = append(list, d.quoteAgain())
		} else {
			list = append(list, d.quoteBehind(flags))
		}
	}
	return list
}

func (d *decoder) optional(present bool) *dissect.Quote {
	if !present {
		return nil
	}
	q := d.quote()
	return &q
}

func (d *decoder) quotes() (list []dissect.Quote) {
	for range d.count(minQuote) {
		list = append(list, d.quote())
	}
	return list
}

func (d *decoder) pairs() (list []dissect.Pair) {
	for range d.count(minPair) {
		list = append(list, dissect.Pair{Key: d.text(), Value: d.text()})
	}
	return list
}

func (d *decoder) finding(s *alerts.Session) (f alerts.Finding) {
	flags := d.byte()
	f.HasAccount = flags&findingAccount != 0
	if flags&findingDerived == 0 {
		f.ID = d.id()
	}
	f.Severity = alerts.Severity(d.upTo(byte(alerts.Critical)))
	f.Session, f.Protocol, f.Client, f.Server = s.ID, s.Facts.Protocol, s.Facts.Client, s.Facts.Server
	if flags&findingMoved != 0 {
		f.Session = d.id()
		f.Protocol = dissect.Protocol(d.upTo(byte(dissect.ManageSieve)))
		f.Client, f.Server = d.endpoint(), d.endpoint()
	}
	f.Rule = d.text()
	f.Account = d.text()
	if flags&findingDerived != 0 {
		f.ID = alerts.NewFindingID(f.Session, f.Rule, f.Account)
	}
	f.Why = d.text()
	f.Detail = d.pairs()
	f.Time = s.Facts.End
	for range d.count(minEvidence) {
		v := d.evidence(s)
		f.Evidence = append(f.Evidence, v)
		f.Time = v.Time
	}
	f.Time += d.int()
	return f
}

func (d *decoder) evidence(s *alerts.Session) (v alerts.Evidence) {
	flags := d.byte()
	if flags&again != 0 {
		q := d.quoteAgain()
		return evidenceOf(s, &q)
	}
	v.From = dissect.Side(flags & fromServer)
	v.Session = s.ID
	if flags&otherSession != 0 {
		v.Session = d.id()
	}
	st := d.stamp()
	v.Time, v.Packet = st.time, st.packet
	v.File = d.text()
	v.Text = d.text()
	return v
}
