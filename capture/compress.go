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
