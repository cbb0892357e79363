package reassembly

// list holds flows in the order of their last packet, oldest first, give or
// take touchEvery.
type list struct {
	table  *Table
	oldest *Flow
	newest *Flow
	n      int
}

// touchEvery is how long a flow may stand at its place though packets come:
// moving it costs the caches of its neighbours.
const touchEvery = 1e9

func (l *list) push(f *Flow, now int64) {
	f.list, f.moved = l, now
	f.older, f.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = f
	} else {
		l.oldest = f
	}
	l.newest = f
	l.n++
}

func (l *list) remove(f *Flow) {
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

// touch moves f to the end of l.
func (l *list) touch(f *Flow, now int64) {
	if f.list == l && now-f.moved < touchEvery && now >= f.moved {
		return
	}
	f.list.remove(f)
	l.push(f, now)
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
