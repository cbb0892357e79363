package capture

import "io"

// MaxPacket is the longest captured packet that is believed: the 256 KiB that
// tcpdump and Wireshark write at most, and a header's room above. A longer one
// is damage.
const MaxPacket = 320 << 10

// Reader reads the packets of one uncompressed pcap or pcapng stream, in
// order. It is not safe for concurrent use.
type Reader struct {
	w      window
	format format
	number uint64 // packets so far
}

// format reads the records of one file format.
type format interface {
	// next fills in Data, Length, Time and Link, and tells how many packets
	// Wireshark counts up to this one, 1 unless it skipped some. An error is
	// io.EOF at a clean end.
	next(w *window, p *Packet) (counted uint64, err error)
	// ready tells whether next has a whole packet in memory, and leaves those
	// alone that were read before. It may be false where next succeeds.
	ready(w *window) bool
}

// NewReader returns a Reader of r, which must begin with the header of a
// capture. An error wraps ErrNotCapture, or is one of r.
func NewReader(r io.Reader) (*Reader, error) {
	return newReader(window{r: r, buf: make([]byte, windowSize)})
}

func newReader(w window) (*Reader, error) {
	rd := &Reader{w: w}
	var err error
	rd.format, err = sniff(&rd.w)
	if err != nil {
		return nil, err
	}
	return rd, nil
}

// Next reads the next packet into p; p.File is left alone, and p.Data is valid
// until the next call. It returns io.EOF at the end and a *Damage without a
// file name where the stream cannot be read any further.
func (r *Reader) Next(p *Packet) error {
	counted, err := r.format.next(&r.w, p)
	r.number += counted
	if err != nil {
		return r.broken(err)
	}
	p.Number = r.number
	return nil
}

// Batch reads packets into ps: one, and those behind it that are in memory
// already, so that all are valid until the next call. It returns how many they
// are, and an error as Next does, which comes after them.
func (r *Reader) Batch(ps []Packet) (n int, err error) {
	for n == 0 || n < len(ps) && r.format.ready(&r.w) {
		if err := r.Next(&ps[n]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (r *Reader) broken(err error) error {
	if err == io.EOF {
		return err
	}
	return &Damage{Packet: r.number + 1, Offset: r.w.offset(), Err: err}
}
