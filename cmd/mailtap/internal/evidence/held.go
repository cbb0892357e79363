package evidence

import (
	"encoding/binary"
	"math/bits"

	"github.com/mailtap/mailtap/capture"
)

// Bounds of the packets that are held in memory until it is known whether their
// session has a finding.
const (
	maxSession  = 256 << 10 // bytes of one session
	maxBodies   = 192 << 10 // bytes of one session from which on only smallPacket are held
	smallPacket = 512       // bytes of a packet that most likely holds no body
	maxHeld     = 32 << 20  // bytes of all sessions
	manyHeld    = 16 << 20  // bytes of all sessions from which on a session grows to fewSession only
	fewSession  = 16 << 10  // bytes
	packetHead  = 18        // bytes that a packet takes beside its own
	firstBuffer = 2 << 10   // bytes that a session gets at first
	maxLength   = 1<<32 - 1 // of a packet on the wire
)

// memory is what all held packets share. Buffers come in sizes that double, and
// are used again.
type memory struct {
	used  int // bytes of the buffers that are held
	idle  int // bytes of those that are not
	spare [bufferSizes][][]byte
}

const (
	bufferSizes = 8        // from firstBuffer to maxSession
	maxIdle     = 16 << 20 // bytes of buffers that wait to be used again
)

// buffer returns an empty buffer of at least size bytes, for one that had old;
// nil if there is no room.
func (m *memory) buffer(size, old int) []byte {
	class, capacity := 0, firstBuffer
	for capacity < size {
		class, capacity = class+1, 2*capacity
	}
	if m.used+capacity-old > maxHeld || m.used > manyHeld && capacity > fewSession {
		return nil
	}
	m.used += capacity
	if last := len(m.spare[class]) - 1; last >= 0 {
		b := m.spare[class][last]
		m.spare[class] = m.spare[class][:last]
		m.idle -= capacity
		return b
	}
	return make([]byte, 0, capacity)
}

// free takes a buffer back.
func (m *memory) free(b []byte) {
	if cap(b) == 0 {
		return
	}
	m.used -= cap(b)
	if m.idle+cap(b) > maxIdle {
		return
	}
	class := bits.TrailingZeros(uint(cap(b) / firstBuffer))
	m.idle += cap(b)
	m.spare[class] = append(m.spare[class], b[:0])
}

// held is the packets of one session.
type held struct {
	records []byte // head and data of each packet
	left    int    // packets that found no room
}

// add copies a packet.
func (h *held) add(p *capture.Packet, m *memory) {
	size := len(h.records) + packetHead + len(p.Data)
	if size > maxSession || size > maxBodies && len(p.Data) > smallPacket {
		h.left++
		return
	}
	if size > cap(h.records) {
		larger := m.buffer(size, cap(h.records))
		if larger == nil {
			h.left++
			return
		}
		larger = append(larger, h.records...)
		m.free(h.records)
		h.records = larger
	}
	b := binary.LittleEndian.AppendUint64(h.records, uint64(p.Time))
	b = binary.LittleEndian.AppendUint32(b, uint32(min(p.Length, maxLength)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Data)))
	b = binary.LittleEndian.AppendUint16(b, uint16(p.Link))
	h.records = append(b, p.Data...)
}

// each gives the packets in the order in which they came.
func (h *held) each(give func(*capture.Packet) error) error {
	for b := h.records; len(b) > 0; {
		n := int(binary.LittleEndian.Uint32(b[12:]))
		p := capture.Packet{
			Time:   int64(binary.LittleEndian.Uint64(b)),
			Length: int(binary.LittleEndian.Uint32(b[8:])),
			Link:   capture.LinkType(binary.LittleEndian.Uint16(b[16:])),
			Data:   b[packetHead:][:n],
		}
		if err := give(&p); err != nil {
			return err
		}
		b = b[packetHead+n:]
	}
	return nil
}
