package capture

import (
	"errors"
	"fmt"
)

// ErrNotCapture is wrapped by the error for a file that is no capture of a
// kind that can be read. That error says what the file looks like instead.
var ErrNotCapture = errors.New("not a capture file")

// ErrNewCapture is returned by Chain.Next between two captures that have
// nothing to do with each other.
var ErrNewCapture = errors.New("a new capture begins")

// ErrTimeout is returned by Live.Next and Follower.Next when no packet came for
// a while.
var ErrTimeout = errors.New("no packet yet")

var (
	errCut       = errors.New("the file is cut off here")
	errCutPacked = errors.New("the compressed file is cut off here")
)

// headerCut is the error for a file that ends within its header.
type headerCut struct {
	format string
	size   int
}

func (h *headerCut) Error() string {
	return fmt.Sprintf("%v: %s, cut off after %d bytes", ErrNotCapture, h.format, h.size)
}

func (h *headerCut) Unwrap() error { return ErrNotCapture }

// Damage says where a capture could not be read any further. What came before
// was read.
type Damage struct {
	File   string
	Packet uint64 // number of the packet that could not be read; 0: the file could not be opened at all
	Offset int64  // of its record, in the uncompressed stream
	Err    error
}

func (d *Damage) Error() string {
	if d.Packet == 0 {
		return fmt.Sprintf("%s: %v", d.File, d.Err)
	}
	return fmt.Sprintf("%s: packet %d at byte %d: %v", d.File, d.Packet, d.Offset, d.Err)
}

func (d *Damage) Unwrap() error { return d.Err }
