package reassembly

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/mailtap/mailtap/capture/decode"
)

// Direction is one of the two of a connection: 0 from the end that opened it,
// or that was seen first; 1 from the other.
type Direction uint8

// key names a connection: path, both addresses and both ports, the lower end
// first.
type key [40]byte

func (k *key) set(s *decode.Segment) (swapped bool) {
	src, dst := k[0:18], k[18:36]
	copy(src, s.SrcAddr[:])
	binary.BigEndian.PutUint16(src[16:], s.SrcPort)
	copy(dst, s.DstAddr[:])
	binary.BigEndian.PutUint16(dst[16:], s.DstPort)
	binary.BigEndian.PutUint32(k[36:], uint32(s.Path))
	if less(dst, src) {
		var t [18]byte
		copy(t[:], src)
		copy(src, dst)
		copy(dst, t[:])
		return true
	}
	return false
}

func less(a, b []byte) bool {
	for i := 0; i+8 <= 16; i += 8 {
		x, y := binary.BigEndian.Uint64(a[i:]), binary.BigEndian.Uint64(b[i:])
		if x != y {
			return x < y
		}
	}
	return binary.BigEndian.Uint16(a[16:]) < binary.BigEndian.Uint16(b[16:])
}

// Flow is one connection. Its methods are valid within the Handler's calls.
type Flow struct {
	User any // the Handler's

	key    key
	hash   uint64
	chain  *Flow // in its bucket
	number uint64
	list   *list // it stands in, oldest first
	older  *Flow
	newer  *Flow
	moved  int64 // when it came to the end of its list

	first, last int64
	packets     uint64
	stream      *stream // nil: closed or ignored
	reborn      rebirth
	file        int32 // the first capture that holds it
	flags       Flags
	seen        [2]bool // packets of the direction
	swap        bool    // direction 0 comes from the higher end of key
	opened      bool    // the Handler knows it
	closed      bool
	waiting     bool // in the Table's queue
	files       []int32
}

// rebirth is a SYN that may begin another connection between the same ends.
type rebirth struct {
	pending bool
	dir     Direction
	isn     uint32
	time    int64
}

// stream is what is kept of a connection while its bytes are wanted.
type stream struct {
	half  [2]half
	since int64 // when the oldest wait began
	late  bool  // the beginning was not seen
}

// half is one direction.
type half struct {
	known   bool   // next is known
	soft    bool   // next was only acknowledged, never seen
	done    bool   // everything up to FIN was given
	hasFin  bool   // fin is known
	hasAck  bool   // ack is known
	next    uint32 // sequence number of the next byte to give
	ack     uint32 // highest acknowledgement that this direction carries
	fin     uint32 // sequence number of FIN
	off     uint64 // of the next byte to give
	bytes   uint64 // given, gaps not counted
	pieces  []piece
	held    int // bytes, overhead included
	marks   []mark
	dropped bool // marks were dropped
}

// piece is a segment that waits. Pieces of a direction do not overlap and are
// in order.
type piece struct {
	seq     uint32
	ack     uint32
	hasAck  bool
	missing int // bytes behind data that the capture cut off
	data    []byte
	mark    mark // off is not set
}

func (p *piece) len() int { return len(p.data) + p.missing }

// mark says which packet carried the bytes from off on.
type mark struct {
	off    uint64
	time   int64
	packet uint64
	file   int32
}

func newMark(s *decode.Segment) mark { return mark{time: s.Time, packet: s.Packet, file: s.File} }

// Src returns the end that sends in a direction.
func (f *Flow) Src(dir Direction) netip.AddrPort {
	end := f.key[0:18]
	if (dir == 1) != f.swap {
		end = f.key[18:36]
	}
	addr := netip.AddrFrom16([16]byte(end[:16])).Unmap()
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(end[16:]))
}

// Path returns the VLANs and tunnels that the connection came through.
func (f *Flow) Path() decode.PathID { return decode.PathID(binary.BigEndian.Uint32(f.key[36:])) }

// First and Last return the times of its first and last packet, in ns.
func (f *Flow) First() int64 { return f.first }

// Last returns the time of its latest packet.
func (f *Flow) Last() int64 { return f.last }

// Packets returns how many packets it had.
func (f *Flow) Packets() uint64 { return f.packets }

// Bytes returns how many bytes of a direction were given.
func (f *Flow) Bytes(dir Direction) uint64 {
	if f.stream == nil {
		return 0
	}
	return f.stream.half[dir].bytes
}

// Flags returns its circumstances so far.
func (f *Flow) Flags() Flags {
	flags := f.flags
	if f.seen[0] != f.seen[1] {
		flags |= OneSided
	}
	return flags
}

// Late tells that its first bytes may not have been captured. A SYN-ACK is
// enough to know where both directions begin.
func (f *Flow) Late() bool { return f.stream != nil && f.stream.late }

// Files returns the indexes of the captures that hold its packets, in order,
// at most maxFiles of them.
func (f *Flow) Files() []int32 { return append([]int32{f.file}, f.files...) }

func (f *Flow) addFile(i int32) {
	if i != f.file && !slices.Contains(f.files, i) && len(f.files) < maxFiles-1 {
		f.files = append(f.files, i)
	}
}

// At tells which packet carried the byte of a direction at off: exactly while
// off lies within the last markSpan bytes and maxMarks packets, else the
// oldest packet known.
func (f *Flow) At(dir Direction, off uint64) (time int64, packet uint64, file int32) {
	if f.stream == nil {
		return f.last, 0, f.file
	}
	marks := f.stream.half[dir].marks
	for i := len(marks) - 1; i >= 0; i-- {
		if marks[i].off <= off || i == 0 {
			return marks[i].time, marks[i].packet, marks[i].file
		}
	}
	return f.last, 0, f.file
}

// Ignore says that the Handler wants nothing more of the connection: its
// buffers are freed, and its packets only keep it known. Close is still called.
func (f *Flow) Ignore() {
	if f.stream == nil {
		return
	}
	t := f.list.table
	t.free(f.stream)
	f.stream = nil
	if !f.closed {
		f.list.remove(f)
		t.other.push(f, t.now)
	}
}

// remember notes which packet carries the bytes from now on.
func (h *half) remember(m mark) {
	m.off = h.off
	for len(h.marks) > 0 && (len(h.marks) == maxMarks || len(h.marks) > 1 && m.off-h.marks[1].off > markSpan) {
		h.marks = append(h.marks[:0], h.marks[1:]...)
	}
	h.marks = append(h.marks, m)
}
