package evidence

import (
	"encoding/binary"
	"sync"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
)

// Keeper keeps the packets of sessions with findings in a ring of pcapng files.
// Whether a session has one shows when it has ended, so the packets of all that
// may be mail are held in memory until then, within bounds. Of other traffic it
// looks at the ports and addresses, and copies what begins a connection.
//
// Packet, Begin, Ended and Drop are the engine's; Judged and Close may be
// called from another goroutine.
type Keeper struct {
	// The engine's.
	current  *capture.Packet
	fragment fragments
	opening  []opening            // by place
	marks    []uint16             // how many connections of talks have a place, and perhaps half
	talks    map[connection]*held // that may be mail

	mu      sync.Mutex
	ring    *ring
	memory  memory
	waiting map[alerts.SessionID]*held
	order   []alerts.SessionID // of waiting, oldest first; may name some that are gone
	err     error              // of the last session that was written; nil: it is kept
	kept    int
	lost    int
}

// connection names one while it is open.
type connection struct {
	ends ends
	path decode.PathID
}

// places is how many marks and openings there are; a power of two.
const places = 1 << 14

// half in a mark says that the opening of its place waits for its third packet.
// The bits below it count.
const half = 1 << 15

// opening is the three packets that begin a connection (RFC 9293, section 3.5),
// which say nothing of what it will carry. One that comes later to the same
// place takes it.
type opening struct {
	connection connection
	packets    [3]begin
}

type begin struct {
	time   int64 // 0: there is none
	length int
	link   capture.LinkType
	size   uint8
	data   [maxBegin]byte
}

// maxBegin is how many bytes of such a packet are copied: with options, in
// IPv6, in a tunnel there are some 150. A longer one is not held.
const maxBegin = 192

// keep copies a packet.
func (b *begin) keep(p *capture.Packet) {
	if len(p.Data) <= maxBegin {
		b.time, b.length, b.link, b.size = p.Time, p.Length, p.Link, uint8(copy(b.data[:], p.Data))
	}
}

// Open makes a Keeper that writes to a folder, which it makes if there is none,
// at most size bytes.
func Open(dir string, size int64) (*Keeper, error) {
	r, err := openRing(dir, size)
	if err != nil {
		return nil, err
	}
	return &Keeper{
		ring: r, opening: make([]opening, places), marks: make([]uint16, places),
		talks: map[connection]*held{}, waiting: map[alerts.SessionID]*held{},
	}, nil
}

// place returns where the two ends of a segment have their mark: the same in
// both directions.
func place(s *decode.Segment) uint32 {
	return uint32((endHash(&s.SrcAddr, s.SrcPort) + endHash(&s.DstAddr, s.DstPort)) * hashFactor >> (64 - 14))
}

// endHash mixes all of an end: of many connections at a time, most have a server
// in common, some their port, and addresses of one network are close together.
func endHash(a *[16]byte, port uint16) uint64 {
	h := binary.LittleEndian.Uint64(a[:8])*hashFactor ^ binary.LittleEndian.Uint64(a[8:])
	h = (h ^ uint64(port)<<24) * hashFactor
	return h ^ h>>32
}

const hashFactor = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio

// Packet looks at a packet before its segment is followed. s is what it was
// decoded to if result is TCP.
func (k *Keeper) Packet(p *capture.Packet, s *decode.Segment, result decode.Result) {
	k.current = p
	switch result {
	case decode.TCP:
		at := place(s)
		if k.marks[at] != 0 || s.Flags&decode.SYN != 0 {
			k.segment(p, s, at)
		}
	case decode.Fragment:
		k.fragment.add(p, s)
	}
}

func (k *Keeper) segment(p *capture.Packet, s *decode.Segment, at uint32) {
	e, _ := endsOf(s)
	c := connection{e, s.Path}
	if s.Flags&decode.SYN != 0 {
		k.open(c, p, s, at)
	} else if k.marks[at]&half != 0 && k.opening[at].connection == c {
		k.marks[at] &^= half
		if len(s.Payload) == 0 {
			k.opening[at].packets[2].keep(p)
		}
	}
	if k.marks[at]&^half == 0 {
		return
	}
	if h := k.talks[c]; h != nil {
		k.hold(h, p, s)
	}
}

// open keeps what begins a connection.
func (k *Keeper) open(c connection, p *capture.Packet, s *decode.Segment, at uint32) {
	o := &k.opening[at]
	i := 0
	if s.Flags&decode.ACK != 0 {
		i = 1
	}
	if i == 0 || o.connection != c {
		o.connection = c
		for i := range o.packets {
			o.packets[i].time = 0
		}
	}
	o.packets[i].keep(p)
	k.marks[at] |= half
}

// hold copies a packet, or the fragments whose last one it is.
func (k *Keeper) hold(h *held, p *capture.Packet, s *decode.Segment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(s.Payload) > 0 && within(p.Data, s.Payload) < 0 {
		if u, ok := k.fragment.join(p, s); ok {
			for i := range u.parts {
				h.add(u.parts[i].packet, &k.memory)
			}
			return
		}
	}
	h.add(p, &k.memory)
}

// Begin begins to hold the packets of a connection that may be mail, the
// current one included. s is its segment; nil: there is none.
func (k *Keeper) Begin(f *reassembly.Flow, s *decode.Segment) {
	c := connectionOf(f)
	if k.talks[c] != nil {
		return
	}
	h := &held{}
	k.talks[c] = h
	at := place(&decode.Segment{SrcAddr: c.ends.lo, DstAddr: c.ends.hi, SrcPort: c.ends.loPort, DstPort: c.ends.hiPort})
	if k.marks[at]&^half < half-1 {
		k.marks[at]++
	}
	if o := &k.opening[at]; o.connection == c {
		k.mu.Lock()
		for i := range o.packets {
			if b := &o.packets[i]; b.time >= f.First() && b.time != 0 {
				p := capture.Packet{Data: b.data[:b.size], Length: b.length, Time: b.time, Link: b.link}
				h.add(&p, &k.memory)
			}
		}
		k.mu.Unlock()
	}
	if s == nil || k.current == nil {
		return
	}
	if e, _ := endsOf(s); e == c.ends && s.Path == c.path {
		k.hold(h, k.current, s)
	}
}

func connectionOf(f *reassembly.Flow) connection {
	return connection{endsBetween(f.Src(0), f.Src(1)), f.Path()}
}

// take ends the holding of a connection.
func (k *Keeper) take(f *reassembly.Flow) *held {
	c := connectionOf(f)
	h := k.talks[c]
	if h == nil {
		return nil
	}
	delete(k.talks, c)
	at := place(&decode.Segment{SrcAddr: c.ends.lo, DstAddr: c.ends.hi, SrcPort: c.ends.loPort, DstPort: c.ends.hiPort})
	if n := k.marks[at] &^ half; n > 0 && n < half-1 { // one that was full stays so
		k.marks[at]--
	}
	return h
}

// Drop forgets a connection that is not mail, or is over without a session.
func (k *Keeper) Drop(f *reassembly.Flow) {
	if h := k.take(f); h != nil {
		k.mu.Lock()
		k.memory.free(h.records)
		k.mu.Unlock()
	}
}

// Ended lets the packets of a session wait for its judgement.
func (k *Keeper) Ended(f *reassembly.Flow, facts *dissect.Facts) {
	h := k.take(f)
	if h == nil {
		return
	}
	id := alerts.NewSessionID(facts)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.giveUp(id)
	k.waiting[id] = h
	k.order = append(k.order, id)
	for len(k.order) > 1 && (len(k.order) > maxWaiting || k.memory.used > maxHeld*3/4) {
		k.giveUp(k.order[0])
		k.order = k.order[1:]
	}
}

// maxWaiting is how many sessions may wait to be judged.
const maxWaiting = 8 << 10

// giveUp forgets a session that waits for too long.
func (k *Keeper) giveUp(id alerts.SessionID) {
	if h := k.waiting[id]; h != nil {
		delete(k.waiting, id)
		k.memory.free(h.records)
		k.lost++
	}
}
