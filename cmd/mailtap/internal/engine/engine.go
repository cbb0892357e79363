// Package engine joins the rooms: packets from capture, their bytes in order
// through dissect, the Facts of each session to whoever judges them.
// Everything here runs in one goroutine, so that the order of findings is the
// order of packets.
package engine

import (
	"slices"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// Engine follows all connections of one capture after another. New makes one.
type Engine struct {
	decoder *decode.Decoder
	batch   batch
	segment *decode.Segment // that is being added; nil: none
	table   *reassembly.Table
	pool    session.Pool
	events  []dissect.Event
	doubted int // bytes of all doubts
	spare   []*conversation
	files   func() []string
	sink    func(*dissect.Facts)
	keeper  *evidence.Keeper // of packets; nil: none
	stats   Stats

	verified uint64 // the packet, counted, of which isSound is known
	isSound  bool
}

// Stats counts what the engine has seen.
type Stats struct {
	Packets, Bytes uint64
	First, Last    int64 // ns since 1970 UTC; 0: no packet yet
	NotTCP         uint64
	Truncated      uint64 // packets cut within their headers
	UnknownLink    uint64
	BadChecksums   uint64 // packets that told something; offloading makes them, too
	GapBytes       uint64 // lost in mail sessions
	Evicted        uint64 // flows ended by a limit
	Duplicates     uint64 // packets captured twice
	Forced         uint64 // times that a limit gave up waiting for bytes
	Unsettled      uint64 // repeated ranges that found no room until they could be compared
	Fragments      uint64 // packets that were a fragment, and did not complete a datagram
	Joined         uint64 // datagrams whose fragments were put together
	Unjoined       uint64 // datagrams given up, by a limit or by time, and fragments that fit nowhere
	Unpathed       uint64 // packets of VLANs and tunnels that were not told apart, by a limit
}

// conversation is what the engine keeps of a connection that may be mail.
type conversation struct {
	session session.Session
	facts   *dissect.Facts // nil until it is known to be mail
	doubts  *doubts        // nil: none
	unsound dissect.Stamp  // the latest packet that told something with a wrong checksum
	lost    uint64         // bytes
}

// New returns an engine that gives the Facts of each session to sink when it
// has ended. files lists the captures by capture.Packet.File.
func New(files func() []string, sink func(*dissect.Facts)) *Engine {
	e := &Engine{decoder: decode.New(), files: files, sink: sink}
	e.table = reassembly.New(reassembly.Limits{}, e)
	return e
}

// Keep lets k keep packets. It comes before the first one.
func (e *Engine) Keep(k *evidence.Keeper) { e.keeper = k }

// batch is what packets that are taken together were decoded to.
type batch struct {
	segments [reassembly.MaxExpected]decode.Segment
	results  [reassembly.MaxExpected]decode.Result
}

// Packet takes the next packet.
func (e *Engine) Packet(p *capture.Packet) {
	e.batch.results[0] = e.decoder.Decode(p, &e.batch.segments[0])
	e.table.Expect(e.batch.segments[:1])
	e.take(p, 0)
}

// MaxBatch is how many packets are taken together at most.
const MaxBatch = reassembly.MaxExpected

// Packets takes the next packets. It costs less than taking each by itself.
func (e *Engine) Packets(ps []capture.Packet) {
	for len(ps) > 0 {
		n := e.decode(ps)
		e.table.Expect(e.batch.segments[:n])
		for i := range n {
			e.take(&ps[i], i)
		}
		ps = ps[n:]
	}
}

// decode fills the batch and returns how many packets are in it.
func (e *Engine) decode(ps []capture.Packet) int {
	n := 0
	for ; n < min(len(ps), reassembly.MaxExpected); n++ {
		e.batch.results[n] = e.decoder.Decode(&ps[n], &e.batch.segments[n])
		if e.decoder.Joined() {
			return n + 1 // the next one may use the same memory
		}
	}
	return n
}

// take takes the packet that is decoded at i in the batch.
func (e *Engine) take(p *capture.Packet, i int) {
	st := &e.stats
	if st.Packets == 0 {
		st.First, st.Last = p.Time, p.Time
	}
	st.First, st.Last = min(st.First, p.Time), max(st.Last, p.Time)
	st.Packets++
	st.Bytes += uint64(p.Length)
	result := e.batch.results[i]
	if e.keeper != nil {
		e.keeper.Packet(p, &e.batch.segments[i], result)
	}
	if result == decode.TCP {
		e.segment = &e.batch.segments[i]
		e.table.AddExpected(i)
		return
	}
	e.Advance(p.Time)
	switch result {
	case decode.Truncated, decode.Malformed:
		st.Truncated++
	case decode.UnknownLink:
		st.UnknownLink++
	case decode.Fragment:
		st.Fragments++
	default:
		st.NotTCP++
	}
}

// Advance tells the packet clock when no packet comes, so that what waits for
// a lost one does not wait for ever. now is in ns since 1970 UTC.
func (e *Engine) Advance(now int64) {
	e.segment = nil
	e.table.Advance(now)
}

// Flush ends all sessions: the capture is over.
func (e *Engine) Flush() {
	e.segment = nil
	e.table.Flush()
	e.decoder.Forget()
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	t := e.table.Stats()
	e.stats.Evicted, e.stats.Duplicates, e.stats.Forced = t.Evicted, t.Duplicates, t.Forced
	g := e.decoder.FragmentStats()
	e.stats.Joined, e.stats.Unjoined = g.Joined, g.TimedOut+g.Evicted+g.Dropped
	e.stats.Unpathed = e.decoder.PathsDropped()
	return e.stats
}

// Open begins a connection. Nothing is made for it before its first bytes
// have been looked at.
func (e *Engine) Open(*reassembly.Flow) {}

// Data takes the next bytes of a connection.
func (e *Engine) Data(f *reassembly.Flow, dir reassembly.Direction, _ uint64, b []byte) {
	c, ok := f.User.(*conversation)
	if !ok {
		ports, late := circumstances(f)
		if session.Foreign(ports, late, uint8(dir), b) {
			e.unknown(f)
			f.Ignore()
			return
		}
		c = e.begin(f)
	}
	e.events = c.session.Feed(e.events[:0], uint8(dir), b)
	if len(e.events) > 0 && !e.sound() {
		e.stats.BadChecksums++
		c.unsound = e.stampNow(f)
	}
	e.fold(f, c)
}

// Gap says that bytes of a connection are lost.
func (e *Engine) Gap(f *reassembly.Flow, dir reassembly.Direction, _, n uint64) {
	c, ok := f.User.(*conversation)
	if !ok {
		c = e.begin(f)
	}
	c.lost += n
	e.events = c.session.Gap(e.events[:0], uint8(dir), n)
	e.fold(f, c)
}

// Close ends a connection.
func (e *Engine) Close(f *reassembly.Flow) {
	c, ok := f.User.(*conversation)
	if !ok {
		e.unknown(f)
		return
	}
	f.User = nil
	e.events = c.session.End(e.events[:0])
	e.fold(f, c)
	if c.doubts != nil && c.facts != nil {
		e.settle(c, true)
	}
	e.forget(c.doubts)
	c.session.Dialogue().Leave()
	if c.facts != nil {
		e.finish(f, c)
	}
	if e.keeper != nil {
		e.keeper.Drop(f)
	}
	e.leave(c)
}

func (e *Engine) begin(f *reassembly.Flow) *conversation {
	ports, late := circumstances(f)
	c := e.newConversation()
	c.session = *session.New(&e.pool, ports, late)
	c.doubts, _ = f.User.(*doubts)
	f.User = c
	if e.keeper != nil {
		e.keeper.Begin(f, e.segment)
	}
	return c
}

func circumstances(f *reassembly.Flow) (ports [2]uint16, late bool) {
	return [2]uint16{f.Src(0).Port(), f.Src(1).Port()}, f.Late()
}

// fold stamps the new events with their packets and adds them to the Facts.
func (e *Engine) fold(f *reassembly.Flow, c *conversation) {
	switch {
	case c.session.Ignored():
		e.forget(c.doubts)
		f.User = nil
		f.Ignore()
		if e.keeper != nil {
			e.keeper.Drop(f)
		}
		return
	case c.facts == nil && c.session.Mail():
		c.facts = newFacts()
	}
	if len(e.events) > 0 {
		c.facts.Protocol = c.session.Protocol()
	}
	dialogue := c.session.Dialogue()
	for i := range e.events {
		ev := &e.events[i]
		ev.Stamp = stamp(f, reassembly.Direction(c.session.Direction(ev.Side)), ev.Start)
		c.facts.Add(ev)
		if len(ev.Line) > 0 {
			dialogue.Mark(ev)
		}
	}
	fresh := dialogue.Fresh()
	for i := range fresh {
		l := &fresh[i]
		l.Stamp = stamp(f, reassembly.Direction(c.session.Direction(l.Side)), l.Start)
	}
	if c.doubts != nil && c.facts != nil {
		e.settle(c, false)
	}
}

// stamp names the packet that carried the byte of a direction at off. Its file
// counts in the flow's own list, as in Facts.Files.
func stamp(f *reassembly.Flow, dir reassembly.Direction, off uint64) dissect.Stamp {
	time, packet, file := f.At(dir, off)
	return dissect.Stamp{Time: time, Packet: packet, File: fileOf(f, file)}
}

func fileOf(f *reassembly.Flow, file int32) int32 { return int32(slices.Index(f.Files(), file)) }

// finish completes the Facts of an ended session with what the flow knows.
func (e *Engine) finish(f *reassembly.Flow, c *conversation) {
	facts, s := c.facts, &c.session
	server := reassembly.Direction(s.Server())
	facts.Finish()
	facts.Dialogue = s.Dialogue()
	facts.Protocol = s.Protocol()
	facts.Client, facts.Server = f.Src(server^1), f.Src(server)
	facts.VLAN, facts.Tunnel = e.path(f, facts.Tunnel)
	facts.Start, facts.End = f.First(), f.Last()
	facts.Packets = f.Packets()
	facts.Bytes = [2]uint64{f.Bytes(server ^ 1), f.Bytes(server)}
	facts.Flags |= flags(f)
	if !s.StandardPort() {
		facts.Flags |= dissect.NonStandardPort
	}
	names := e.files()
	for _, i := range f.Files() {
		facts.Files = append(facts.Files, names[i])
	}
	if facts.Bytes[0]+facts.Bytes[1] == 0 && facts.Flags&dissect.Truncated == 0 {
		return // without a payload byte it is no session
	}
	e.stats.GapBytes += c.lost
	if e.keeper != nil {
		e.keeper.Ended(f, facts)
	}
	e.sink(facts)
}

// path puts what proxies added behind the tunnels of the packets.
func (e *Engine) path(f *reassembly.Flow, proxies []string) (vlans []uint16, tunnels []string) {
	vlans, tunnels = e.decoder.Path(f.Path())
	return vlans, append(tunnels[:len(tunnels):len(tunnels)], proxies...)
}

// flags translates what reassembly noticed.
func flags(f *reassembly.Flow) dissect.Flags {
	var out dissect.Flags
	for _, pair := range [...]struct {
		in  reassembly.Flags
		out dissect.Flags
	}{
		{reassembly.Midstream, dissect.Midstream},
		{reassembly.OneSided, dissect.OneSided},
		{reassembly.Gapped, dissect.Gap},
		{reassembly.Duplicated, dissect.Duplicated},
		{reassembly.Evicted, dissect.Evicted},
		{reassembly.Truncated, dissect.Truncated},
	} {
		if f.Flags()&pair.in != 0 {
			out |= pair.out
		}
	}
	return out
}
