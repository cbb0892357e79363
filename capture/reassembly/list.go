package reassembly

// place names a list.
type place uint8

const (
	nascent place = iota // before the first payload
	active               // after it
	other                // ignored
	ending               // closed, or reset by a RST that may be forged
	parting              // reset, and still read for a while
	fading               // closed by both ends or reset, but the rest of it may still come
	places  = iota
)

// list holds flows in the order of their last packet, oldest first, give or
// take touchEvery.
type list struct {
	oldest *Flow
	newest *Flow
	n      int
}

// touchEvery is how long a flow may stand at its place though packets come:
// moving it costs the caches of its neighbours.
const touchEvery = 1e9

// push puts f at the end of a list. It stands in none.
func (t *Table) push(f *Flow, to place, now int64) {
	l := &t.lists[to]
	f.place, f.moved = to, now
	f.older, f.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = f
	} else {
		l.oldest = f
	}
	l.newest = f
	l.n++
}

// pull takes f out of its list.
func (t *Table) pull(f *Flow) {
	l := &t.lists[f.place]
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		l.oldest = f.newer
	}
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		l.newest = f.older
	}
	f.older, f.newer = nil, nil
	l.n--
}

// move takes f to the end of a list.
func (t *Table) move(f *Flow, to place) {
	t.pull(f)
	t.push(f, to, t.now)
}

// touch moves f to the end of its list.
func (t *Table) touch(f *Flow) {
	if t.now-f.moved >= touchEvery || t.now < f.moved {
		t.move(f, f.place)
	}
}

// waits holds the streams that wait for something, the longest waiting first.
type waits struct{ oldest, newest *stream }

func (w *waits) push(s *stream, now int64) {
	s.waiting, s.since = true, now
	s.older = w.newest
	if w.newest != nil {
		w.newest.newer = s
	} else {
		w.oldest = s
	}
	w.newest = s
}

func (w *waits) remove(s *stream) {
	if !s.waiting {
		return
	}
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		w.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		w.newest = s.older
	}
	s.older, s.newer = nil, nil
	s.waiting = false
}

// wait keeps s among the waiting while it holds something.
func (t *Table) wait(s *stream) {
	switch {
	case s.holds() == s.waiting:
	case s.waiting:
		t.waits.remove(s)
	default:
		t.waits.push(s, t.now)
	}
}
