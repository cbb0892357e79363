package capture

import "io"

// Bounds of reading ahead. Measured on warm files: more or larger buffers are
// no faster, as they fill the caches.
const (
	aheadBuffers = 3
	aheadSize    = 256 << 10
	aheadRoom    = windowSize // before it, for the record that the buffer before began
)

// ahead reads a stream in a goroutine of its own, at most aheadBuffers ahead:
// what a read or the unpacking takes, the packets before need not wait for.
type ahead struct {
	full chan chunk
	free chan []byte
	quit chan struct{}
	now  []byte // the buffer taken last
}

// chunk is a buffer, in which n bytes were read behind its room.
type chunk struct {
	buf []byte
	n   int
	err error // behind them
}

// readAhead begins to read r, and closes it at its end or after Close.
func readAhead(r io.ReadCloser) *ahead {
	a := &ahead{
		full: make(chan chunk, aheadBuffers),
		free: make(chan []byte, aheadBuffers),
		quit: make(chan struct{}),
	}
	for range aheadBuffers {
		a.free <- nil // it is made when it is needed
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
		}
		if a.closed() {
			return // though there is a buffer
		}
		if b == nil {
			b = make([]byte, aheadRoom+aheadSize)
		}
		n, err := r.Read(b[aheadRoom:])
		a.full <- chunk{b, n, err} // has room for all buffers
		if err != nil {
			return
		}
	}
}

// closed tells whether Close was called.
func (a *ahead) closed() bool {
	select {
	case <-a.quit:
		return true
	default:
		return false
	}
}

// next returns the bytes that were read next, with left before them: it is at
// most aheadRoom long, and may be in the buffer that was returned before, which
// is given back. There must be no next after an error, or after Close.
func (a *ahead) next(left []byte) (buf []byte, pos, end int, err error) {
	c := <-a.full
	pos, end = aheadRoom-len(left), aheadRoom+c.n
	copy(c.buf[pos:], left)
	if a.now != nil {
		a.free <- a.now
	}
	a.now = c.buf
	return c.buf, pos, end, c.err
}

// Close ends the goroutine; it does not wait, for the source may be a pipe
// that gives nothing.
func (a *ahead) Close() error {
	close(a.quit)
	return nil
}
