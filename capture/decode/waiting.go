package decode

// expire removes what is too old. A clock that jumps back must not keep
// datagrams for ever.
func (t *fragments) expire(now int64) {
	for g := t.ring.next; g != &t.ring; g = t.ring.next {
		if age := now - g.first; -int64(MaxFragmentAge) <= age && age <= int64(MaxFragmentAge) {
			return
		}
		if g.state == waiting {
			t.stats.TimedOut++
		}
		t.remove(g)
	}
}

// begin makes the datagram that f belongs to.
func (t *fragments) begin(f *fragment) *datagram {
	if len(t.byKey) == MaxDatagrams {
		t.evict(t.ring.next)
	}
	g := t.unused()
	*g = datagram{key: f.key, first: f.time, pieces: g.pieces[:0], data: g.data[:0]}
	g.prev, g.next = t.ring.prev, &t.ring
	g.prev.next, g.next.prev = g, g
	t.byKey[g.key] = g
	t.stats.Waiting++
	return g
}

func (t *fragments) unused() *datagram {
	last := len(t.free) - 1
	if last < 0 {
		return &datagram{}
	}
	g := t.free[last]
	t.free = t.free[:last]
	return g
}

// remove forgets a datagram and keeps its buffer for another.
func (t *fragments) remove(g *datagram) {
	if g.state == waiting {
		t.stats.Waiting--
	}
	delete(t.byKey, g.key)
	g.prev.next, g.next.prev = g.next, g.prev
	t.free = append(t.free, g)
}

// evict removes a datagram because another needs the room.
func (t *fragments) evict(g *datagram) {
	if g.state == waiting {
		t.stats.Evicted++
	}
	t.remove(g)
}

// abandon gives a datagram up, but remembers that it did.
func (t *fragments) abandon(g *datagram) {
	g.state = abandoned
	t.stats.Waiting--
	t.stats.Bytes -= cap(g.data)
	g.data, g.pieces = nil, g.pieces[:0]
}

// reserve makes room for n bytes in the buffer of a datagram.
func (t *fragments) reserve(g *datagram, n int) {
	if n <= cap(g.data) {
		return
	}
	size := minBuffer
	for size < n {
		size *= 2
	}
	more := size - cap(g.data)
	for t.stats.Bytes+more > MaxFragmentBytes {
		t.shed(g)
	}
	t.stats.Bytes += more
	g.data = append(make([]byte, 0, size), g.data...)
}

// shed gives memory back: a buffer that nobody uses, or else the oldest
// datagram but keep.
func (t *fragments) shed(keep *datagram) {
	if len(t.free) == 0 {
		g := t.ring.next
		if g == keep {
			g = g.next
		}
		t.evict(g)
	}
	last := len(t.free) - 1
	t.stats.Bytes -= cap(t.free[last].data)
	t.free[last] = nil
	t.free = t.free[:last]
}

func (t *fragments) forget() {
	for t.ring.next != &t.ring {
		t.remove(t.ring.next)
	}
}
