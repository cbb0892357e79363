package capture

import (
	"errors"
	"fmt"
)

// The block types of pcapng (draft-ietf-opsawg-pcapng, section 11.1) that are
// read, or that Wireshark numbers like packets.
const (
	blockInterface  = 1
	blockObsolete   = 2 // Packet Block
	blockSimple     = 3
	blockEnhanced   = 6
	blockJournal    = 9 // systemd journal entry
	blockSysdig     = 0x204
	blockSysdig2    = 0x216
	blockSysdig3    = 0x221
	blockCustom     = 0xbad
	blockCustomKeep = 0x40000bad // not to be copied
	blockSection    = 0x0a0d0d0a // the same in either byte order
)

const (
	byteOrderMagic = 0x1a2b3c4d
	blockMin       = 12 // type, length, and length again at the end
	sectionMin     = 28
	interfaceMin   = 20
	packetMin      = 32 // Enhanced Packet Block and Packet Block
	simpleMin      = 16
)

var (
	errBlockLength = errors.New("a block of impossible length")
	errTrailer     = errors.New("a block whose two lengths differ")
	errCaptured    = errors.New("a packet longer than its block")
)

// pcapngFile reads the packets of a pcapng file.
type pcapngFile struct {
	order  bigEndian
	ifaces []iface // of the current section
	last   int64   // time of the last packet, for blocks that have none

	// The block that was read last is consumed with the next one, as the packet
	// points into it.
	size uint32 // of that block
	rest int64  // of its bytes, not consumed
}

// newPcapng reads the first Section Header Block.
func newPcapng(w *window) (*pcapngFile, error) {
	f := &pcapngFile{}
	_, size, err := f.block(w)
	if err != nil {
		if err == errCut {
			return nil, w.noHeader("pcapng")
		}
		return nil, fmt.Errorf("%w: pcapng with %w", ErrNotCapture, err)
	}
	f.size, f.rest = size, int64(size)
	return f, nil
}

// next reads blocks until one is a packet.
func (f *pcapngFile) next(w *window, p *Packet) (counted uint64, err error) {
	for {
		if err := f.endBlock(w); err != nil {
			return counted, err
		}
		kind, size, err := f.block(w)
		if err != nil {
			return counted, err
		}
		isPacket, numbered := false, false
		switch kind {
		case blockEnhanced, blockObsolete:
			isPacket, numbered, err = true, true, f.packet(w, p, kind, size)
		case blockSimple:
			isPacket, numbered, err = true, true, f.simple(w, p, size)
		case blockInterface:
			err = f.addInterface(w, size)
		case blockJournal, blockSysdig, blockSysdig2, blockSysdig3, blockCustom, blockCustomKeep:
			numbered = true
		}
		if err != nil {
			return counted, err
		}
		// Only now: a block that is not whole yet is read again once it is.
		f.size, f.rest = size, int64(size)
		if numbered {
			counted++
		}
		if isPacket {
			return counted, nil
		}
	}
}

func (f *pcapngFile) ready(w *window) bool {
	b := w.buf[w.pos:w.end]
	if int64(len(b)) < f.rest+blockMin {
		return false
	}
	b = b[f.rest:]
	return f.order.uint32(b) == blockEnhanced && uint64(f.order.uint32(b[4:])) <= uint64(len(b))
}

// block reads the head of a block (section 3.1), and all of a Section Header
// Block (section 4.1), which sets the byte order that its own length is in.
func (f *pcapngFile) block(w *window) (kind, size uint32, err error) {
	h := w.peek(blockMin)
	if h == nil {
		return 0, 0, w.ended()
	}
	kind = f.order.uint32(h)
	if kind == blockSection {
		if f.order, err = sectionOrder(h[8:]); err != nil {
			return 0, 0, err
		}
	}
	size = f.order.uint32(h[4:])
	if size < blockMin || size%4 != 0 || kind == blockSection && size < sectionMin {
		return 0, 0, errBlockLength
	}
	if kind == blockSection {
		if h = w.peek(sectionMin); h == nil {
			return 0, 0, w.ended()
		}
		if major := f.order.uint16(h[12:]); major != 1 {
			return 0, 0, fmt.Errorf("a section of version %d", major)
		}
		f.ifaces = f.ifaces[:0]
	}
	return kind, size, nil
}

func sectionOrder(b []byte) (bigEndian, error) {
	for _, order := range []bigEndian{false, true} {
		if order.uint32(b) == byteOrderMagic {
			return order, nil
		}
	}
	return false, errors.New("a section of unknown byte order")
}

// endBlock consumes the block that was read last.
func (f *pcapngFile) endBlock(w *window) error {
	if f.rest == 0 {
		return nil
	}
	const trailerLen = 4
	if f.rest = trailerLen + w.skip(f.rest-trailerLen); f.rest > trailerLen {
		return w.cut()
	}
	trailer := w.peek(trailerLen)
	if trailer == nil {
		return w.cut()
	}
	if f.order.uint32(trailer) != f.size {
		return errTrailer
	}
	w.pos += trailerLen
	f.rest = 0
	return nil
}

// packet reads an Enhanced Packet Block (section 4.3) or a Packet Block
// (appendix A), which differ in the width of the interface number only.
func (f *pcapngFile) packet(w *window, p *Packet, kind, size uint32) error {
	const head = packetMin - 4
	if size < packetMin {
		return errBlockLength
	}
	h := w.peek(head)
	if h == nil {
		return w.cut()
	}
	id := f.order.uint32(h[8:])
	if kind == blockObsolete {
		id = uint32(f.order.uint16(h[8:]))
	}
	if id >= uint32(len(f.ifaces)) {
		return fmt.Errorf("interface %d was not described", id)
	}
	from := &f.ifaces[id]
	ticks := uint64(f.order.uint32(h[12:]))<<32 | uint64(f.order.uint32(h[16:]))
	p.Time = from.time(ticks)
	f.last = p.Time
	return f.data(w, p, from, head, size, f.order.uint32(h[20:]), f.order.uint32(h[24:]))
}

// simple reads a Simple Packet Block (section 4.4), which comes from the first
// interface and has no time of its own: the last packet's is the best known.
func (f *pcapngFile) simple(w *window, p *Packet, size uint32) error {
	const head = simpleMin - 4
	if size < simpleMin {
		return errBlockLength
	}
	h := w.peek(head)
	if h == nil {
		return w.cut()
	}
	if len(f.ifaces) == 0 {
		return errors.New("interface 0 was not described")
	}
	from := &f.ifaces[0]
	length := f.order.uint32(h[8:])
	captured := min(length, size-simpleMin)
	if from.snaplen > 0 {
		captured = min(captured, from.snaplen)
	}
	p.Time = f.last
	return f.data(w, p, from, head, size, captured, length)
}

// data hands out the bytes of a packet that begin after head.
func (f *pcapngFile) data(w *window, p *Packet, from *iface, head int, size, captured, length uint32) error {
	if captured > MaxPacket {
		return tooLong(captured)
	}
	if captured > size-uint32(head)-4 {
		return errCaptured
	}
	b := w.peek(head + int(captured))
	if b == nil {
		return w.cut()
	}
	p.Data = b[head:]
	p.Length = max(int(length), len(p.Data))
	p.Link = from.link
	return nil
}
