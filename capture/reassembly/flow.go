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
	swapped = less(&s.DstAddr, s.DstPort, &s.SrcAddr, s.SrcPort)
	if swapped {
		k.put(&s.DstAddr, s.DstPort, &s.SrcAddr, s.SrcPort)
	} else {
		k.put(&s.SrcAddr, s.SrcPort, &s.DstAddr, s.DstPort)
	}
	binary.BigEndian.PutUint32(k[36:], uint32(s.Path))
	return swapped
}

func (k *key) put(a *[16]byte, aPort uint16, b *[16]byte, bPort uint16) {
	*(*[16]byte)(k[0:]) = *a
	binary.BigEndian.PutUint16(k[16:], aPort)
	*(*[16]byte)(k[18:]) = *b
	binary.BigEndian.PutUint16(k[34:], bPort)
}

func less(a *[16]byte, aPort uint16, b *[16]byte, bPort uint16) bool {
	if x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:]); x != y {
		return x < y
	}
	if x, y := binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:]); x != y {
		return x < y
	}
	return aPort < bPort
}

// Flow is one connection. Its methods are valid within the Handler's calls;
// after Close the same Flow may stand for another connection.
type Flow struct {
	User any // the Handler's

	// What every packet needs stands together, for the caches.
	hash    uint64
	chain   *Flow // in its bucket
	key     key
	stream  *stream // nil: closed or ignored
	list    *list   // it stands in, oldest first
	moved   int64   // when it came to the end of its list
	last    int64
	packets uint64
	file    int32 // the first capture that holds it
	flags   Flags
	seen    [2]bool // packets of the direction
	swap    bool    // direction 0 comes from the higher end of key
	opened  bool    // the Handler knows it
	closed  bool

	older, newer *Flow
	first        int64
	number       uint64
	end          [2]uint32 // of a closed one, where its directions ended
	reborn       rebirth
	files        []int32 // the other captures
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

// At tells which packet carried the byte of a direction at off: exactly for
// the latest packets of the direction (see half.remember), else the oldest
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
