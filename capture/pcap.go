package capture

import (
	"fmt"
)

// The magic numbers of pcap (draft-ietf-opsawg-pcap, section 4).
const (
	magicMicro     = 0xa1b2c3d4
	magicNano      = 0xa1b23c4d
	magicKuznetzov = 0xa1b2cd34 // longer records, from patched Linux tcpdumps of the 1990s
)

const (
	pcapHeaderLen      = 24
	pcapRecordLen      = 16
	kuznetzovRecordLen = 24 // adds interface index, protocol and packet type
)

// pcapFile reads the records of a pcap file.
type pcapFile struct {
	order     bigEndian
	recordLen int   // bytes of a record header
	unit      int64 // ns of a time stamp's fraction
	link      LinkType
}

// isPcap tells whether a file that begins with these four bytes is pcap, and
// its byte order.
func isPcap(b []byte) (order bigEndian, ok bool) {
	for _, order := range []bigEndian{false, true} {
		switch order.uint32(b) {
		case magicMicro, magicNano, magicKuznetzov:
			return order, true
		}
	}
	return false, false
}

// newPcap reads the file header.
func newPcap(w *window, order bigEndian) (*pcapFile, error) {
	h := w.peek(pcapHeaderLen)
	if h == nil {
		return nil, w.noHeader("pcap")
	}
	f := &pcapFile{order: order, recordLen: pcapRecordLen, unit: 1000}
	switch order.uint32(h) {
	case magicNano:
		f.unit = 1
	case magicKuznetzov:
		f.recordLen = kuznetzovRecordLen
	}
	if major := order.uint16(h[4:]); major != 2 {
		return nil, fmt.Errorf("%w: pcap of version %d", ErrNotCapture, major)
	}
	// The upper half of the field may tell the length of frame check sequences
	// (section 4). They stay in the data: the IP length ends before them.
	f.link = LinkType(order.uint32(h[20:]) & 0xffff)
	w.pos += pcapHeaderLen
	return f, nil
}

// next reads a record (section 5).
func (f *pcapFile) next(w *window, p *Packet) (uint64, error) {
	h := w.peek(f.recordLen)
	if h == nil {
		return 0, w.ended()
	}
	size := f.order.uint32(h[8:])
	if size > MaxPacket {
		return 0, tooLong(size)
	}
	captured := int(size)
	p.Length = max(int(f.order.uint32(h[12:])), captured)
	// The fraction is signed: some writers subtract without a borrow.
	p.Time = int64(f.order.uint32(h))*1e9 + int64(int32(f.order.uint32(h[4:])))*f.unit
	p.Link = f.link

	b := w.peek(f.recordLen + captured)
	if b == nil {
		return 0, w.ended()
	}
	p.Data = b[f.recordLen:]
	w.pos += len(b)
	return 1, nil
}

func (f *pcapFile) ready(w *window) bool {
	b := w.buf[w.pos:w.end]
	return len(b) >= f.recordLen && uint64(len(b)-f.recordLen) >= uint64(f.order.uint32(b[8:]))
}

func tooLong(size uint32) error {
	return fmt.Errorf("a packet of %d bytes, and no packet is longer than %d", size, MaxPacket)
}
