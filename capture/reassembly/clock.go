package reassembly

const (
	sweepEvery = 1e8  // ns of packet time between two looks at timeouts
	clockBack  = 10e9 // ns by which the clock must fall back to be set back
)

// Advance moves the clock, in ns since 1970 UTC. Packets move it by
// themselves; a live capture moves it while none come.
func (t *Table) Advance(now int64) {
	if now > t.now || t.now-now > clockBack {
		if now-t.now > int64(t.limits.Idle) && t.leaps(now) {
			return
		}
		t.now = now
	}
	for s := t.waits.oldest; s != nil && (t.now-s.since >= int64(t.limits.Patience) || t.now < s.since); s = t.waits.oldest {
		t.expire(s.flow)
	}
	if t.lists[parting].n > 0 {
		t.closeIn(parting, maxSkew)
	}
	if t.now-t.sweep < sweepEvery && t.now >= t.sweep {
		return
	}
	t.sweep, t.leap = t.now, 0
	t.closeIn(fading, int64(t.limits.Patience))
	t.timeout(nascent, int64(t.limits.Nascent))
	t.timeout(active, int64(t.limits.Idle))
	t.timeout(other, int64(t.limits.Forgotten))
	t.timeout(ending, int64(t.limits.Linger))
}

// leaps tells whether now, so far ahead that all connections would end, is one
// packet's mistake: only the second in a row is believed.
func (t *Table) leaps(now int64) bool {
	if t.now == 0 || t.leap != 0 && now >= t.leap-clockBack {
		t.leap = 0
		return false
	}
	t.leap = now
	t.stats.ClockLeaps++
	return true
}

func (t *Table) timeout(l place, limit int64) {
	for f := t.overdueIn(l, limit); f != nil; f = t.overdueIn(l, limit) {
		t.finish(f)
		t.remove(f)
	}
}

// overdueIn returns a connection of l that has been silent for longer than
// limit, or nil.
func (t *Table) overdueIn(in place, limit int64) *Flow {
	l := &t.lists[in]
	for f := l.oldest; f != nil && (t.now-f.moved > limit || t.now < f.moved); f = l.oldest {
		switch {
		case t.now < f.moved: // the clock was set back
			t.move(f, in)
		case t.now-f.last <= limit && f.last <= t.now: // a packet came since it was moved
			t.pull(f)
			t.push(f, in, f.last)
		default:
			return f
		}
	}
	return nil
}
