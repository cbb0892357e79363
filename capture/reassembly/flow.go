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

// Flow is one connection. Its methods are valid within the Handler's calls;
// after Close the same Flow may stand for another connection. It is small, as
// most of them are not wanted, or over: what is known of the others stands in
// stream, and what few have in oddity.
type Flow struct {
	// What finds it fills a line of the caches.
	hash   uint32
	file   int32 // the first capture that holds it
	flags  Flags
	seen   [2]bool // packets of the direction
	swap   bool    // direction 0 comes from the higher end of key
	opened bool    // the Handler knows it
	closed bool
	reborn bool    // odd.rebirth holds something
	wanted [2]bool // see Await
	place  place   // the list that it stands in
	chain  *Flow   // in its bucket
	key    key

	stream *stream // nil: closed or ignored
	odd    *oddity // nil: none
	last   int64
	moved  int64 // when it came to the end of its list

	older, newer *Flow     // in its list
	User         any       // the Handler's
	number       uint32    // from 1
	first, end   [2]uint32 // of a closed one, where its directions began and ended
}

// oddity is what few connections have.
type oddity struct {
	files    []int32 // the other captures that hold it
	rebirth  rebirth
	twin     *Flow  // what this is a copy of, unless another has its place; nil: it is none
	original uint32 // number of twin
}

// strange returns the oddity of f, to be changed.
func (f *Flow) strange() *oddity {
	if f.odd == nil {
		f.odd = new(oddity)
	}
	return f.odd
}

// dirOf returns the direction of a segment whose ends were swapped in key.
func (f *Flow) dirOf(swapped bool) Direction {
	if swapped != f.swap {
		return 1
	}
	return 0
}

// Src returns the end that sends in a direction.
func (f *Flow) Src(dir Direction) netip.AddrPort {
	k := &f.key
	a0, a1, port := k.lo0, k.lo1, uint16(k.ports>>16)
	if (dir == 1) != f.swap {
		a0, a1, port = k.hi0, k.hi1, uint16(k.ports)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a0)
	binary.BigEndian.PutUint64(b[8:], a1)
	return netip.AddrPortFrom(netip.AddrFrom16(b).Unmap(), port)
}

// Ports returns the ports that send in direction 0 and in direction 1.
func (f *Flow) Ports() [2]uint16 {
	lo, hi := uint16(f.key.ports>>16), uint16(f.key.ports)
	if f.swap {
		lo, hi = hi, lo
	}
	return [2]uint16{lo, hi}
}

// Path returns the VLANs and tunnels that the connection came through.
func (f *Flow) Path() decode.PathID { return decode.PathID(f.key.path) }

// First and Last return the times of its first and last packet, in ns. Of one
// that is ignored the first is forgotten, and is the last.
func (f *Flow) First() int64 {
	if f.stream == nil {
		return f.last
	}
	return f.stream.begun
}

// Last returns the time of its latest packet.
func (f *Flow) Last() int64 { return f.last }

// Packets returns how many packets it had, 0 of one that is ignored.
func (f *Flow) Packets() uint64 {
	if f.stream == nil {
		return 0
	}
	return f.stream.packets
}

// Bytes returns how many bytes of a direction were given.
func (f *Flow) Bytes(dir Direction) uint64 {
	if f.stream == nil {
		return 0
	}
	h := &f.stream.half[dir]
	if h.disorder == nil {
		return h.off
	}
	return h.off - h.gaps
}

// Flags returns its circumstances so far.
func (f *Flow) Flags() Flags {
	flags := f.flags &^ (mirrored | enrolled)
	if f.seen[0] != f.seen[1] {
		flags |= OneSided
	}
	return flags
}

// Late tells that its first bytes may not have been captured. A SYN-ACK is
// enough to know where both directions begin.
func (f *Flow) Late() bool { return f.stream != nil && f.stream.late }

// Closed tells that an end has closed the direction that it sends in, and all of
// it was given.
func (f *Flow) Closed(dir Direction) bool { return f.stream != nil && f.stream.half[dir].done() }

// Files returns the indexes of the captures that hold its packets, in order,
// at most maxFiles of them.
func (f *Flow) Files() []int32 {
	files := []int32{f.file}
	if f.odd != nil {
		files = append(files, f.odd.files...)
	}
	return files
}

// FileAt returns the place of a capture in Files, -1 if it is not there.
func (f *Flow) FileAt(file int32) int32 {
	if file == f.file {
		return 0
	}
	if f.odd != nil {
		if i := slices.Index(f.odd.files, file); i >= 0 {
			return int32(1 + i)
		}
	}
	return -1
}

func (f *Flow) addFile(i int32) {
	odd := f.strange()
	if !slices.Contains(odd.files, i) && len(odd.files) < maxFiles-1 {
		odd.files = append(odd.files, i)
	}
}

// At tells which packet carried the byte of a direction at off: exactly for
// the latest fewMarks packets of the direction and more (see half.remember), else the oldest
// packet known.
func (f *Flow) At(dir Direction, off uint64) (time int64, packet uint64, file int32) {
	if f.stream == nil {
		return f.last, 0, f.file
	}
	if m := f.stream.half[dir].markAt(off); m != nil {
		return m.time, m.packet, m.file
	}
	return f.last, 0, f.file
}

// Await says whether the Handler wants what a direction sends though it runs into
// a reset: some may be on its way to an end that is gone. The connection is over
// only when that can have come.
func (f *Flow) Await(dir Direction, wanted bool) { f.wanted[dir] = wanted }

// Ignore says that the Handler wants nothing more of the connection: its
// buffers are freed, and its packets only keep it known. Close is still called.
func (f *Flow) Ignore() {
	if f.stream == nil {
		return
	}
	t := f.stream.table
	t.strike(f)
	t.free(f.stream)
	f.stream = nil
	if !f.closed {
		t.move(f, other)
	}
}
