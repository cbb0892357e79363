package traffic

import (
	"encoding/binary"
	"io"
	"time"
)

// The pcap format: a file header, then a header before each packet.
const (
	fileHeaderLen   = 24
	recordHeaderLen = 16
	snapLen         = 262144
	linkEthernet    = 1
)

const (
	outputBuffer = 1 << 20 // bytes kept before they are written
	minFrame     = 60      // shorter frames are padded, as Ethernet does
	maxFrame     = 1514
	wireOverhead = 24 // bytes a frame takes on the wire beside itself: preamble, check sequence, gap
	maxPause     = 4000
)

// firstPacket is the time at which every capture begins.
var firstPacket = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

// output writes frames as pcap records. A frame is built at the end of buf,
// between begin and end, so that it is never copied.
type output struct {
	w       io.Writer
	buf     []byte
	err     error // the first error of w; nothing is written after it
	clock   int64 // ns since 1970 UTC
	rate    int64 // bits a second
	packets uint64
	bytes   int64
}

func newOutput(w io.Writer, rate int64) output {
	o := output{w: w, buf: make([]byte, 0, outputBuffer), clock: firstPacket.UnixNano(), rate: rate, bytes: fileHeaderLen}
	le := binary.LittleEndian
	o.buf = le.AppendUint32(o.buf, 0xa1b2c3d4)
	o.buf = le.AppendUint16(o.buf, 2) // version 2.4
	o.buf = le.AppendUint16(o.buf, 4)
	o.buf = le.AppendUint64(o.buf, 0) // time zone and accuracy, both unused
	o.buf = le.AppendUint32(o.buf, snapLen)
	o.buf = le.AppendUint32(o.buf, linkEthernet)
	return o
}

// begin makes room for one frame and returns where its record starts.
func (o *output) begin() int {
	if len(o.buf) > cap(o.buf)-recordHeaderLen-maxFrame {
		o.flush()
	}
	at := len(o.buf)
	o.buf = append(o.buf, make([]byte, recordHeaderLen)...)
	return at
}

// frame returns the frame of the record at. It is valid until begin.
func (o *output) frame(at int) []byte { return o.buf[at+recordHeaderLen:] }

// end completes the record at, pause ns after the frame before it.
func (o *output) end(at, pause int) {
	for len(o.buf)-at-recordHeaderLen < minFrame {
		o.buf = append(o.buf, 0)
	}
	n := len(o.buf) - at - recordHeaderLen
	o.clock += int64(n+wireOverhead)*8*int64(time.Second)/o.rate + int64(pause)
	o.packets++
	o.bytes += recordHeaderLen + int64(n)
	h := o.buf[at : at+recordHeaderLen]
	le := binary.LittleEndian
	le.PutUint32(h, uint32(o.clock/int64(time.Second)))
	le.PutUint32(h[4:], uint32(o.clock%int64(time.Second)/int64(time.Microsecond)))
	le.PutUint32(h[8:], uint32(n))
	le.PutUint32(h[12:], uint32(n))
}

// drop gives the record at up.
func (o *output) drop(at int) { o.buf = o.buf[:at] }

func (o *output) flush() {
	if o.err == nil {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf = o.buf[:0]
}
