package reassembly

// maxSpare is how many flows, and streams, are kept for the next connection.
const maxSpare = 1024

func (t *Table) flow() *Flow {
	if n := len(t.flows); n > 0 {
		f := t.flows[n-1]
		t.flows = t.flows[:n-1]
		return f
	}
	return new(Flow)
}

func (t *Table) stream() *stream {
	if n := len(t.streams); n > 0 {
		s := t.streams[n-1]
		t.streams = t.streams[:n-1]
		return s
	}
	return new(stream)
}

// free takes a stream back.
func (t *Table) free(s *stream) {
	t.waits.remove(s)
	for i := range s.half {
		h := &s.half[i]
		if h.disorder != nil {
			t.stats.Held -= h.held
		}
		*h = half{marks: h.marks[:min(len(h.marks), fewMarks)]}
	}
	*s = stream{half: s.half}
	if len(t.streams) < maxSpare {
		t.streams = append(t.streams, s)
	}
}
