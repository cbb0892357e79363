package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// sniffLen is how much of a file is looked at to tell what it is.
const sniffLen = 512

// lookalikes are files that people take for captures that can be read, by how
// they begin.
var lookalikes = []struct{ magic, what string }{
	{"snoop\x00\x00\x00", "a Solaris snoop capture; convert it with: editcap -F pcap"},
	{"RTSS", "a Microsoft Network Monitor capture; convert it with: editcap -F pcap"},
	{"GMBU", "a Microsoft Network Monitor capture; convert it with: editcap -F pcap"},
	{"TRSNIFF data", "a Sniffer capture; convert it with: editcap -F pcap"},
	{"XCP\x00", "a NetXRay capture; convert it with: editcap -F pcap"},
	{"\x1f\x8b", "a file compressed twice; unpack it first"},
	{"\x28\xb5\x2f\xfd", "a file compressed twice; unpack it first"},
	{"\x04\x22\x4d\x18", "an lz4 file; unpack it first"},
	{"\xfd7zXZ\x00", "an xz file; unpack it first"},
	{"BZh", "a bzip2 file; unpack it first"},
	{"PK\x03\x04", "a zip archive; unpack it first"},
	{"SQLite format 3\x00", "an SQLite database"},
}

// sniff reads the file header.
func sniff(w *window) (format, error) {
	magic := w.peek(4)
	if magic == nil {
		return nil, w.notCapture()
	}
	if order, ok := isPcap(magic); ok {
		return newPcap(w, order)
	}
	if binary.LittleEndian.Uint32(magic) == blockSection {
		return newPcapng(w)
	}
	return nil, w.notCapture()
}

// notCapture says what the stream looks like.
func (w *window) notCapture() error {
	w.fill(sniffLen)
	b := w.buf[w.pos:min(w.end, w.pos+sniffLen)]
	if w.err != nil && w.err != io.EOF && len(b) < 4 {
		return w.cut()
	}
	if len(b) == 0 {
		return fmt.Errorf("%w: it is empty", ErrNotCapture)
	}
	for _, l := range lookalikes {
		if bytes.HasPrefix(b, []byte(l.magic)) {
			return fmt.Errorf("%w: it looks like %s", ErrNotCapture, l.what)
		}
	}
	switch {
	case looksERF(b):
		return fmt.Errorf("%w: it looks like an ERF capture; convert it with: editcap -F pcap", ErrNotCapture)
	case looksText(b):
		return fmt.Errorf("%w: it looks like text", ErrNotCapture)
	}
	return fmt.Errorf("%w: it begins with the bytes % x", ErrNotCapture, b[:min(len(b), 4)])
}

// looksERF tells Endace's format, which has no magic number: a record header
// with a known type, and lengths and a time that agree.
func looksERF(b []byte) bool {
	const header = 16
	if len(b) < header {
		return false
	}
	second := time.Unix(int64(binary.LittleEndian.Uint32(b[4:])), 0).UTC()
	kind := b[8] & 0x7f
	record, wire := binary.BigEndian.Uint16(b[10:]), binary.BigEndian.Uint16(b[14:])
	return second.Year() >= 1995 && kind >= 1 && kind <= 48 && record > header && record <= math.MaxInt16 && wire > 0
}

func looksText(b []byte) bool {
	if len(b) == sniffLen {
		b = b[:sniffLen-utf8.UTFMax] // no letter cut in half
	}
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != 0x1b
	})
}
