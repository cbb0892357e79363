package traffic

import "io"

// profile is what sets a kind apart.
type profile struct {
	kind    string
	flows   int   // at once
	rate    int64 // bits a second on the wire
	share   int64 // percent of the bytes that are mail
	stray   int   // of 1000 steps, those with a packet of no connection
	average int64 // bytes of a connection, to choose how many run at once
	faulty  bool
}

var profiles = []profile{
	{kind: Mail, flows: 200, rate: 400e6, share: 100, average: 100_000},
	{kind: Span, flows: 20_000, rate: 1e9, share: 3, stray: 80, average: 15_000},
	{kind: Logins, flows: 1000, rate: 20e6, share: 100, average: 1500},
	{kind: Dirty, flows: 200, rate: 400e6, share: 100, average: 100_000, faulty: true},
}

func profileOf(kind string) *profile {
	for i := range profiles {
		if profiles[i].kind == kind {
			return &profiles[i]
		}
	}
	return nil
}

const (
	burst    = 4 // segments a flow sends at most before another's turn
	ackEvery = 2 // segments (RFC 9293, section 3.8.6.3)
)

// generator writes one capture.
type generator struct {
	random
	*profile
	options Options
	found   func(Credential)
	out     output
	people  []string // the account of whoever sits at each client
	pools   pools
	slots   []*flow // flows at once

	connections int
	sessions    int   // mail sessions begun
	credentials int   // of sessions that are over
	begun       int64 // bytes of all that was begun, also what is still to be written
	mailBegun   int64 // the part of it that is mail
	spare       []byte
}

func newGenerator(w io.Writer, p *profile, o Options, found func(Credential)) *generator {
	r := newRandom(o.Seed, p.kind)
	g := &generator{random: r, profile: p, options: o, found: found, out: newOutput(w, p.rate), pools: newPools(r)}
	g.people = make([]string, clientHosts)
	for i := range g.people {
		g.people[i] = g.newAccount()
	}
	want := o.Bytes / p.average
	if o.Sessions > 0 {
		want = int64(o.Sessions) * 100 / p.share
	}
	flows := make([]flow, min(max(want/2, 1), int64(p.flows)))
	g.slots = make([]*flow, len(flows))
	for i := range flows {
		g.slots[i] = &flows[i]
		if p.faulty {
			flows[i].fault = new(fault)
		}
	}
	return g
}

// run lets flows that are picked by chance go on by some packets, until all
// that was asked for was begun and ended.
func (g *generator) run() (Summary, error) {
	for len(g.slots) > 0 && g.out.err == nil {
		i := g.below(len(g.slots))
		f := g.slots[i]
		if f.stage == idle {
			if !g.more() {
				last := len(g.slots) - 1
				g.slots[i] = g.slots[last]
				g.slots = g.slots[:last]
				continue
			}
			g.start(f)
		}
		g.step(f)
		if g.chance(g.stray) {
			g.strayPacket()
		}
	}
	g.out.flush()
	return Summary{Packets: g.out.packets, Bytes: g.out.bytes, Sessions: g.sessions, Credentials: g.credentials}, g.out.err
}

// more tells whether another connection is to begin.
func (g *generator) more() bool {
	if g.options.Sessions > 0 {
		return g.sessions < g.options.Sessions
	}
	return g.begun < g.options.Bytes
}

// start lays out the next connection in f.
func (g *generator) start(f *flow) {
	if g.mailBegun*100 <= g.begun*g.share {
		g.mailSession(f)
		f.mail = true
		g.sessions++
		g.mailBegun += f.size()
	} else {
		g.otherConversation(f)
	}
	g.begun += f.size()
}

// open prepares f for the next connection to a server of s.
func (g *generator) open(f *flow, s service) {
	v6 := g.chance(ipv6Rate)
	seq := g.source.Uint64()
	f.host = g.connections % clientHosts
	host := g.below(s.hosts)
	if s.protocol != "" {
		host = f.host % s.hosts // where the mailbox is
	}
	f.reset(clientEnd(g.connections, v6), s.end(host, v6), [2]uint32{uint32(seq), uint32(seq >> 32)})
	g.connections++
}

// step writes the next packets of f.
func (g *generator) step(f *flow) {
	switch f.stage {
	case opens:
		g.control(f, client, synFlag)
	case accepts:
		g.control(f, server, synFlag|ackFlag)
	case confirms:
		g.control(f, client, ackFlag)
	case talks:
		if g.talk(f) {
			return
		}
	case closes:
		g.control(f, server, finFlag|ackFlag)
	case follows:
		g.control(f, client, finFlag|ackFlag)
	case finishing:
		g.control(f, server, ackFlag)
		g.finish(f)
		return
	}
	f.stage++
}

// talk writes a burst of segments and their acknowledgements. It is false when
// all was said.
func (g *generator) talk(f *flow) bool {
	for range burst {
		s, more := f.speaker()
		if !more {
			return false
		}
		g.segment(f, s)
		f.unacked++
		next, more := f.speaker()
		if more && next != s {
			f.unacked = 0 // the reply acknowledges
			return true
		}
		if f.unacked == ackEvery {
			g.control(f, s.other(), ackFlag)
			f.unacked = 0
		}
	}
	return true
}

// control writes a packet of s without payload.
func (g *generator) control(f *flow, s side, flags byte) {
	at := g.out.begin()
	g.out.buf = append(g.out.buf, f.heads[s]...)
	if flags&synFlag != 0 {
		mss := len(g.out.buf) + 2
		g.out.buf = append(g.out.buf, synOptions[:]...)
		g.out.buf[mss], g.out.buf[mss+1] = byte(f.mss>>8), byte(f.mss)
	}
	f.sealTCP(g.out.frame(at), s, f.next[s], flags)
	g.release(f, s, at, 0)
	if flags&(synFlag|finFlag) != 0 {
		f.next[s]++ // they count as one byte (RFC 9293, section 3.4)
	}
}

// segment writes the next segment of s.
func (g *generator) segment(f *flow, s side) {
	at := g.out.begin()
	g.out.buf = append(g.out.buf, f.heads[s]...)
	head := len(g.out.buf)
	g.out.buf = f.appendPayload(g.out.buf, s)
	n := len(g.out.buf) - head
	flags := byte(ackFlag)
	if next, more := f.speaker(); !more || next != s {
		flags |= pshFlag
	}
	f.sealTCP(g.out.frame(at), s, f.next[s], flags)
	g.release(f, s, at, n)
	f.next[s] += uint32(n)
}

// release gives a sealed packet of s, with n bytes of payload, to the capture.
func (g *generator) release(f *flow, s side, at, n int) {
	if f.fault != nil {
		g.disturb(f, s, at, n)
		return
	}
	g.out.end(at, g.below(maxPause))
}

// finish ends f and reports its credentials.
func (g *generator) finish(f *flow) {
	if f.fault != nil {
		g.writeLate(f.fault)
	}
	f.stage = idle
	g.credentials += len(f.logins)
	if g.found == nil {
		return
	}
	for _, e := range f.logins {
		e.Client, e.Server = f.ends[client].String(), f.ends[server].String()
		g.found(e.Credential)
	}
}
