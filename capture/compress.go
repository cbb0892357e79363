package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	maxZstdWindow = 128 << 20 // as the zstd program decodes at most, unless told otherwise
	sniffBuffer   = 64 << 10
)

// The magic numbers of gzip (RFC 1952, section 2.3.1) and Zstandard (RFC 8878,
// sections 3.1.1 and 3.1.2).
const (
	magicGzip          = 0x8b1f
	magicZstd          = 0xfd2fb528
	magicZstdSkippable = 0x184d2a50 // the last four bits are free
)

func isGzip(magic uint32) bool { return magic&0xffff == magicGzip }

func isZstd(magic uint32) bool { return magic == magicZstd || magic&^0xf == magicZstdSkippable }

// decompress returns what r holds, unpacked where it is compressed, and says
// whether it was. A capture is at most compressed once.
func decompress(r io.Reader) (plain io.ReadCloser, packed bool, err error) {
	br := bufio.NewReaderSize(r, sniffBuffer)
	magic := make([]byte, 4)
	if b, err := br.Peek(len(magic)); err == nil {
		magic = b
	}
	switch m := binary.LittleEndian.Uint32(magic); {
	case isGzip(m):
		plain, err := gzip.NewReader(br)
		if err != nil {
			return nil, true, fmt.Errorf("%w: it looks like gzip, but %w", ErrNotCapture, err)
		}
		return plain, true, nil
	case isZstd(m):
		// One goroutine decodes and runs ahead already: see ahead.
		d, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, true, err
		}
		return d.IOReadCloser(), true, nil
	}
	return io.NopCloser(br), false, nil
}

const (
	aheadBuffers = 4
	aheadSize    = 256 << 10
)

// ahead reads from a slow source in a goroutine of its own, at most
// aheadBuffers ahead of its reader.
type ahead struct {
	full chan chunk
	free chan []byte
	quit chan struct{}
	now  chunk // being read
	left []byte
}

type chunk struct {
	b   []byte
	err error // after b
}

// readAhead begins to read r, and closes it at its end or after Close.
func readAhead(r io.ReadCloser) *ahead {
	a := &ahead{
		full: make(chan chunk, aheadBuffers),
		free: make(chan []byte, aheadBuffers),
		quit: make(chan struct{}),
	}
	for range aheadBuffers {
		a.free <- make([]byte, aheadSize)
	}
	go a.run(r)
	return a
}

func (a *ahead) run(r io.ReadCloser) {
	defer r.Close()
	for {
		var b []byte
		select {
		case b = <-a.free:
		case <-a.quit:
			return
		}
		n, err := r.Read(b)
		a.full <- chunk{b[:n], err} // has room for all buffers
		if err != nil {
			return
		}
	}
}

// Read is not to be called after Close.
func (a *ahead) Read(b []byte) (int, error) {
	for len(a.left) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.b != nil {
			a.free <- a.now.b[:aheadSize]
		}
		a.now = <-a.full
		a.left = a.now.b
	}
	n := copy(b, a.left)
	a.left = a.left[n:]
	return n, nil
}

// Close ends the goroutine; it does not wait, for the source may be a pipe
// that gives nothing.
func (a *ahead) Close() error {
	close(a.quit)
	return nil
}
