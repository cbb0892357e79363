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

// queue holds the flows that wait for something, the longest waiting first.
type queue struct {
	flows []*Flow
	head  int
}

func (q *queue) push(f *Flow) {
	if q.head > 1024 && q.head*2 > len(q.flows) {
		n := copy(q.flows, q.flows[q.head:])
		clear(q.flows[n:])
		q.flows, q.head = q.flows[:n], 0
	}
	f.waiting = true
	q.flows = append(q.flows, f)
}

func (q *queue) peek() *Flow {
	if q.head == len(q.flows) {
		q.flows, q.head = q.flows[:0], 0
		return nil
	}
	return q.flows[q.head]
}

func (q *queue) pop() {
	q.flows[q.head].waiting = false
	q.flows[q.head] = nil
	q.head++
}
