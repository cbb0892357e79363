package capture

import "io"

// windowSize is the one buffer of an open capture. Measured on warm files:
// 1 MiB reads no faster, and mapping the file was slower.
const windowSize = 512 << 10

// maxEmptyReads is how often a source may return no byte and no error.
const maxEmptyReads = 100

// window is the part of a stream that is in memory. Packets point into it.
type window struct {
	r        io.Reader // nil: ahead is read
	ahead    *ahead
	buf      []byte
	pos, end int   // buf[pos:end] has been read and not been consumed
	base     int64 // offset of buf[0] in the stream
	err      error // what ended r, nil before
}

// offset returns the place of the next unconsumed byte in the stream.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// peek returns the next n bytes without consuming them, n at most windowSize,
// or nil when the stream ends before.
func (w *window) peek(n int) []byte {
	if w.end-w.pos < n && !w.fill(n) {
		return nil
	}
	return w.buf[w.pos : w.pos+n]
}

// fill makes n bytes available. It returns as soon as they are, so that a pipe
// fed by a running capture is read without delay.
func (w *window) fill(n int) bool {
	if w.ahead != nil {
		return w.fillAhead(n)
	}
	w.base += int64(w.pos)
	w.end = copy(w.buf, w.buf[w.pos:w.end])
	w.pos = 0
	for empty := 0; w.end < n && w.err == nil; {
		var got int
		got, w.err = w.r.Read(w.buf[w.end:])
		w.end += got
		if got > 0 {
			empty = 0
		} else if empty++; empty == maxEmptyReads && w.err == nil {
			w.err = io.ErrNoProgress
		}
	}
	return w.end >= n
}

// fillAhead is fill for what was read ahead.
func (w *window) fillAhead(n int) bool {
	for w.end-w.pos < n && w.err == nil {
		offset := w.offset()
		w.buf, w.pos, w.end, w.err = w.ahead.next(w.buf[w.pos:w.end])
		w.base = offset - int64(w.pos)
	}
	return w.end-w.pos >= n
}

// skip consumes n bytes, which may be more than fit into memory, and returns
// how many it could not, as the stream ended before.
func (w *window) skip(n int64) (left int64) {
	for n > int64(w.end-w.pos) {
		n -= int64(w.end - w.pos)
		w.pos = w.end
		if !w.fill(1) {
			return n
		}
	}
	w.pos += int(n)
	return 0
}

// more forgets that the stream ended: it has grown since.
func (w *window) more() {
	if w.err == io.EOF {
		w.err = nil
	}
}

// ended returns io.EOF where the stream ended between two records, and what
// went wrong where it did not.
func (w *window) ended() error {
	if w.err == io.EOF && w.pos == w.end {
		return io.EOF
	}
	return w.cut()
}

// cut returns what ended the stream in the middle of a record.
func (w *window) cut() error {
	switch w.err {
	case io.EOF:
		return errCut
	case io.ErrUnexpectedEOF:
		return errCutPacked
	}
	return w.err
}

// noHeader returns the error for a stream that ends within its file header.
func (w *window) noHeader(format string) error {
	if w.err != io.EOF {
		return w.cut()
	}
	return &headerCut{format, w.end - w.pos}
}
