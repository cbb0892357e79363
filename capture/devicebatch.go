package capture

import "time"

// Bounds of what waits to be put in order.
const (
	batchBytes   = 512 << 10             // of the packets of a batch
	batchPackets = 1024                  // of a batch
	batchAge     = 20 * time.Millisecond // after which a batch is handed on as it is
	maxBatches   = 48                    // of a device, waiting or being filled
	crowd        = maxBatches / 4 * 3    // waiting batches that are too many to wait for others
)

// deviceBatch is packets of one device as it delivered them, and what changed
// after them.
type deviceBatch struct {
	packets []Packet
	bytes   []byte
	change  *Change
	since   time.Time // the first was read
}

// add copies a packet into the batch, unless it is full.
func (b *deviceBatch) add(p *Packet) bool {
	switch {
	case len(b.packets) == 0:
		b.since = time.Now()
	case len(b.packets) == batchPackets, len(b.bytes)+len(p.Data) > batchBytes:
		return false
	}
	from := len(b.bytes)
	b.bytes = append(b.bytes, p.Data...) // an older array stays with the packets before
	b.packets = append(b.packets, *p)
	b.packets[len(b.packets)-1].Data = b.bytes[from:len(b.bytes):len(b.bytes)]
	return true
}
