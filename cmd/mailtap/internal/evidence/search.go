package evidence

import (
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
)

// searcher reads the sessions once more, to find where secrets are repeated:
// what a server echoes, or a message quotes. It looks at what will be written,
// so that nothing is found twice.
type searcher struct {
	*selection
	paths   *pathNames
	table   *reassembly.Table
	needles *needles
	segment *decode.Segment
	buf     []byte
}

// search is one connection that is searched.
type search struct {
	streams [2]stream
	tail    [2][]byte // the end of what was searched, where a secret may begin
}

func newSearcher(x *selection, n *needles) *searcher {
	s := &searcher{selection: x, needles: n}
	s.table = reassembly.New(reassembly.Limits{}, s)
	return s
}

func (s *searcher) begin(paths *pathNames) { s.paths = paths }

func (s *searcher) take(_ *chosen, u *unit, _ string) error {
	s.segment = u.segment
	s.table.Add(u.segment)
	return nil
}

func (s *searcher) flush() {
	s.segment = nil
	s.table.Flush()
}

// Open, Again, Clash and Close have nothing to search: what came again is
// searched as it is written.
func (s *searcher) Open(*reassembly.Flow) {}

// Again is of reassembly.Handler.
func (s *searcher) Again(*reassembly.Flow, reassembly.Direction, uint64, []byte) {}

// Clash is of reassembly.Handler.
func (s *searcher) Clash(*reassembly.Flow, reassembly.Direction, uint64, reassembly.Version, reassembly.Version) {
}

// Close is of reassembly.Handler.
func (s *searcher) Close(f *reassembly.Flow) { f.User = nil }

func (s *searcher) searchOf(f *reassembly.Flow) *search {
	if t, ok := f.User.(*search); ok {
		return t
	}
	c, streams := s.streamsOf(f, s.paths)
	if c == nil {
		return nil
	}
	t := &search{streams: streams}
	f.User = t
	return t
}

// Gap breaks what is searched.
func (s *searcher) Gap(f *reassembly.Flow, dir reassembly.Direction, _, _ uint64) {
	if t := s.searchOf(f); t != nil {
		t.tail[dir] = t.tail[dir][:0]
	}
}

// Data searches the next bytes.
func (s *searcher) Data(f *reassembly.Flow, dir reassembly.Direction, off uint64, b []byte) {
	t := s.searchOf(f)
	if t == nil {
		return
	}
	st := &t.streams[dir]
	st.anchor(s.segment, off, b)
	if st.masks.all || st.known() && st.masks.opaque && int32(st.seq(off)-st.masks.sealed) >= 0 {
		return
	}
	tail := len(t.tail[dir])
	s.buf = append(append(s.buf[:0], t.tail[dir]...), b...)
	if st.known() {
		st.masks.apply(s.buf[tail:], st.seq(off))
	}
	s.needles.find(s.buf, func(from, to int) {
		if !st.known() { // nothing was read as it came
			st.masks.all = true
			return
		}
		st.masks.add(st.seq(off)-uint32(tail)+uint32(from), fill(to-from))
	})
	t.tail[dir] = append(t.tail[dir][:0], s.buf[max(0, len(s.buf)-pieceLength+1):]...)
}
