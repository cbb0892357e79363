package reassembly

// mark says which packet carried the bytes from off on.
type mark struct {
	time   int64
	packet uint64
	off    uint32 // its lower half: marks are near to each other
	file   int32
}

// remember notes which packet carries the next n bytes. marks is a ring of
// fewMarks, overwritten without a look, for that costs the caches; where one
// end talks on in small packets, as a person types, it grows to maxMarks.
func (h *half) remember(m *mark, n int) {
	if int(h.nMarks) == len(h.marks) && (h.turn < markSpan || h.marks == nil) && len(h.marks) < maxMarks {
		h.growMarks()
	}
	h.turn = uint16(min(int(h.turn)+n, markSpan))
	to := &h.marks[h.mark]
	to.time, to.packet, to.off, to.file = m.time, m.packet, uint32(h.off), m.file
	h.mark = (h.mark + 1) & uint8(len(h.marks)-1)
	h.nMarks = min(h.nMarks+1, uint8(len(h.marks)))
}

func (h *half) growMarks() {
	size := max(fewMarks, 2*len(h.marks))
	if h.mark == 0 && cap(h.marks) >= size {
		h.marks, h.mark = h.marks[:size], h.nMarks // as a connection before had it
		return
	}
	marks := make([]mark, size)
	n := copy(marks, h.marks[h.mark:])
	copy(marks[n:], h.marks[:h.mark])
	h.marks, h.mark = marks, h.nMarks
}

// forgetMarks is for a jump so wide that marks are no longer near.
func (h *half) forgetMarks() { h.mark, h.nMarks = 0, 0 }

// oldestMark returns the first packet that is not forgotten, nil if all are.
func (h *half) oldestMark() *mark {
	if h.nMarks == 0 {
		return nil
	}
	return &h.marks[(h.mark-h.nMarks)&uint8(len(h.marks)-1)]
}

// markAt returns the mark of the byte at off, the oldest if that is forgotten,
// nil if there is none.
func (h *half) markAt(off uint64) *mark {
	back := h.off - min(h.off, off) // marks count modulo 1<<32
	for i := range h.nMarks {
		m := &h.marks[(h.mark-1-i)&uint8(len(h.marks)-1)]
		if i == h.nMarks-1 || uint64(uint32(h.off)-m.off) >= back {
			return m
		}
	}
	return nil
}

// markOf returns the mark of the packet whose bytes began so many bytes back,
// nil if none did.
func (h *half) markOf(back uint64) *mark {
	m := h.markAt(h.off - min(h.off, back))
	if m == nil || uint64(uint32(h.off)-m.off) != back {
		return nil
	}
	return m
}
