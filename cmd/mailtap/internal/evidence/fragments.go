package evidence

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// Bounds of the fragments that wait for the one which completes their datagram.
const (
	maxFragments     = 1024    // packets
	maxFragmentBytes = 2 << 20 // of them
)

// fragments keeps packets that are fragments until it is known whose they are.
type fragments struct {
	held  []fragment // oldest first
	bytes int
	alone *decode.Decoder // knows no other fragment
}

type fragment struct {
	key  fragmentKey
	part part
}

// fragmentKey names a datagram (RFC 791, section 3.2; RFC 8200, section 4.5).
type fragmentKey struct {
	src, dst [16]byte
	id       uint32
}

// add keeps a copy of a packet for which Decode has returned Fragment.
func (f *fragments) add(p *capture.Packet, s *decode.Segment) {
	kept, ok := fragmentOf(p, s)
	if !ok {
		return
	}
	kept.part.packet = clone(p)
	f.held = append(f.held, kept)
	f.bytes += len(p.Data)
	for len(f.held) > maxFragments || f.bytes > maxFragmentBytes {
		f.bytes -= len(f.held[0].part.packet.Data)
		f.held = f.held[1:]
	}
}

func clone(p *capture.Packet) *capture.Packet {
	c := *p
	c.Data = bytes.Clone(p.Data)
	return &c
}

// join returns the unit of a segment that p has completed.
func (f *fragments) join(p *capture.Packet, s *decode.Segment) (unit, bool) {
	if f.alone == nil {
		f.alone = decode.New()
	}
	var outer decode.Segment
	f.alone.Forget()
	if f.alone.Decode(p, &outer) != decode.Fragment {
		return unit{}, false
	}
	last, ok := fragmentOf(p, &outer)
	if !ok {
		return unit{}, false
	}
	last.part.packet = clone(p)
	u := unit{segment: s}
	f.held = slices.DeleteFunc(f.held, func(h fragment) bool {
		if h.key != last.key {
			return false
		}
		f.bytes -= len(h.part.packet.Data)
		if age := p.Time - h.part.packet.Time; -int64(decode.MaxFragmentAge) <= age && age <= int64(decode.MaxFragmentAge) {
			u.parts = append(u.parts, h.part)
		}
		return true
	})
	u.parts = append(u.parts, last.part)
	u.content = content(u.parts)
	return u, true
}

// content joins the fragments. What came first wins.
func content(parts []part) []byte {
	size := 0
	for _, p := range parts {
		size = max(size, p.from+p.size)
	}
	all := make([]byte, size)
	for _, p := range slices.Backward(parts) {
		copy(all[p.from:], p.packet.Data[p.body:p.body+p.size])
	}
	return all
}

const (
	ipv4Len     = 20
	ipv6Len     = 40
	fragmentLen = 8
	maxHeaders  = 8
)

// fragmentOf finds the IP header at which Decode stopped, the innermost one
// with the addresses of s, and what fragment it says this is.
func fragmentOf(p *capture.Packet, s *decode.Segment) (f fragment, ok bool) {
	for at := len(p.Data) - ipv4Len; at >= 0; at-- {
		switch b := p.Data[at:]; b[0] >> 4 {
		case 4:
			f, ok = fragment4(b, s)
		case 6:
			f, ok = fragment6(b, s)
		}
		if ok {
			f.key.src, f.key.dst = s.SrcAddr, s.DstAddr
			f.part.body += at
			f.part.size = min(f.part.size, len(p.Data)-f.part.body)
			return f, f.part.size > 0
		}
	}
	return f, false
}

func fragment4(b []byte, s *decode.Segment) (f fragment, ok bool) {
	const moreOrOffset = 0x3fff
	size, total := int(b[0]&0x0f)*4, int(binary.BigEndian.Uint16(b[2:]))
	field := binary.BigEndian.Uint16(b[6:])
	if !bytes.Equal(b[12:16], s.SrcAddr[12:]) || !bytes.Equal(b[16:20], s.DstAddr[12:]) ||
		field&moreOrOffset == 0 || size < ipv4Len || total <= size {
		return f, false
	}
	f.key.id = uint32(binary.BigEndian.Uint16(b[4:]))
	f.part.from, f.part.body, f.part.size = int(field&0x1fff)*8, size, total-size
	return f, true
}

func fragment6(b []byte, s *decode.Segment) (f fragment, ok bool) {
	const hopByHop, routing, fragmented, destination = 0, 43, 44, 60
	if len(b) < ipv6Len || !bytes.Equal(b[8:24], s.SrcAddr[:]) || !bytes.Equal(b[24:40], s.DstAddr[:]) {
		return f, false
	}
	end := ipv6Len + int(binary.BigEndian.Uint16(b[4:]))
	next, at := b[6], ipv6Len
	for range maxHeaders {
		if len(b) < at+fragmentLen {
			return f, false
		}
		switch next {
		case hopByHop, routing, destination:
			next, at = b[at], at+8+int(b[at+1])*8
			continue
		case fragmented:
			f.key.id = binary.BigEndian.Uint32(b[at+4:])
			f.part.from = int(binary.BigEndian.Uint16(b[at+2:]) &^ 7)
			f.part.body, f.part.size = at+fragmentLen, end-at-fragmentLen
			return f, f.part.size > 0
		}
		return f, false
	}
	return f, false
}
