package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// mark says which packet carried the bytes from off on.
type mark struct {
	time   int64
	packet uint64
	off    uint32 // its lower half: marks are near to each other
	file   int32
}

func newMark(s *decode.Segment) mark { return mark{time: s.Time, packet: s.Packet, file: s.File} }

// remember notes which packet carries the bytes from now on. While one end
// talks, the packets of its last markSpan bytes are remembered, at most
// maxMarks; once the other has talked, fewMarks are enough.
func (h *half) remember(m *mark, turn bool) {
	off := uint32(h.off)
	n := len(h.marks)
	drop := 0
	switch {
	case turn && n >= fewMarks:
		drop = n - fewMarks + 1
	case n == maxMarks:
		drop = 1
	}
	for drop+1 < n && off-h.marks[drop+1].off > markSpan {
		drop++
	}
	if h.marks == nil {
		h.marks = make([]mark, 0, fewMarks)
	}
	if drop > 0 {
		n = copy(h.marks, h.marks[drop:])
		h.marks = h.marks[:n]
	}
	h.marks = append(h.marks, mark{m.time, m.packet, off, m.file})
}

// markAt returns the mark of the byte at off, the oldest if that is forgotten,
// nil if there is none.
func (h *half) markAt(off uint64) *mark {
	back := h.off - min(h.off, off) // marks count modulo 1<<32
	for i := len(h.marks) - 1; i >= 0; i-- {
		if m := &h.marks[i]; i == 0 || uint64(uint32(h.off)-m.off) >= back {
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
