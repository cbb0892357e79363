package traffic

// How often the capture of a flow goes wrong, of 1000 packets.
const (
	lossRate   = 10 // not captured
	lateRate   = 50 // captured behind the flow's next packets
	doubleRate = 10 // captured twice
	resendRate = 15 // sent again, where it holds payload
)

// maxLate is how many packets of its flow may overtake one.
const maxLate = 3

// fault is what a bad capture of a flow keeps. Its buffers hold one frame each.
type fault struct {
	late     []byte // the frame that is held back, empty for none
	wait     int    // packets that are still to overtake it
	current  []byte // payload of the current segment
	previous [2][]byte
}

// disturb writes the packet at, or not, or later, or more than once.
func (g *generator) disturb(f *flow, s side, at, n int) {
	t := f.fault
	frame := g.out.frame(at)
	t.current = append(t.current[:0], frame[len(frame)-n:]...)
	switch {
	case g.chance(lossRate):
		g.out.drop(at)
		f.lost(s, n)
		t.previous[s] = t.previous[s][:0] // sent again, it would be no loss
		return
	case len(t.late) == 0 && g.chance(lateRate):
		t.late = append(t.late, frame...)
		t.wait = g.between(1, maxLate)
		g.out.drop(at)
	case g.chance(doubleRate):
		g.spare = append(g.spare[:0], frame...)
		g.out.end(at, g.below(maxPause))
		g.write(g.spare)
		g.overtake(t)
	default:
		g.out.end(at, g.below(maxPause))
		g.overtake(t)
	}
	if n == 0 {
		return
	}
	if g.chance(resendRate) {
		g.resend(f, s)
	}
	t.current, t.previous[s] = t.previous[s], t.current
}

// resend writes a segment again, often with other borders: it may begin within
// the one before it and end early.
func (g *generator) resend(f *flow, s side) {
	t := f.fault
	back := g.below(min(len(t.previous[s]), f.mss-1) + 1)
	at := g.out.begin()
	g.out.buf = append(g.out.buf, f.heads[s]...)
	head := len(g.out.buf)
	g.out.buf = append(g.out.buf, t.previous[s][len(t.previous[s])-back:]...)
	g.out.buf = append(g.out.buf, t.current[:min(len(t.current), f.mss-back)]...)
	if g.chance(500) {
		g.out.buf = g.out.buf[:head+g.between(1, len(g.out.buf)-head)]
	}
	f.sealTCP(g.out.frame(at), s, f.next[s]-uint32(back), ackFlag)
	g.out.end(at, g.below(maxPause))
}

// overtake counts a packet that was written while another is held back.
func (g *generator) overtake(t *fault) {
	if len(t.late) == 0 {
		return
	}
	if t.wait--; t.wait == 0 {
		g.writeLate(t)
	}
}

// writeLate writes the packet that is held back.
func (g *generator) writeLate(t *fault) {
	if len(t.late) > 0 {
		g.write(t.late)
		t.late = t.late[:0]
	}
}

// write writes a finished frame.
func (g *generator) write(frame []byte) {
	at := g.out.begin()
	g.out.buf = append(g.out.buf, frame...)
	g.out.end(at, g.below(maxPause))
}

// lost notes that the next n bytes of s will never be captured.
func (f *flow) lost(s side, n int) {
	from := int(f.next[s] - f.initial[s] - 1) // the SYN took one
	for i := range f.logins {
		e := &f.logins[i]
		if n > 0 && from < e.to[s] && from+n > e.from[s] {
			e.Complete = false
		}
	}
}
