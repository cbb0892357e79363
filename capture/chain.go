package capture

import (
	"cmp"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// Chain reads many files as the captures that they are parts of. Files of the
// same link type whose times do not overlap are one continuous capture, as a
// rotating capture writes them; files that overlap are captures of their own.
// Standard input, pipes and devices are always captures of their own, and come
// last.
//
// Except for Progress it is not safe for concurrent use.
type Chain struct {
	waiting []part
	broken  []error // files that hold nothing to read

	file    *File
	current part
	began   bool  // a capture is being read
	last    int64 // latest time seen in it
	names   []string
	buf     []byte

	read  atomic.Int64 // bytes as stored
	ended int64        // of the files that are done
	total int64
}

// part is a file that is still to be read.
type part struct {
	name   string
	stream bool // can be read once only, so nothing is known yet
	size   int64
	first  int64
	link   LinkType
}

// NewChain looks at the first packet of each file to put them in order. Files
// that cannot be read are told by Next.
func NewChain(files []string) *Chain {
	c := &Chain{buf: make([]byte, windowSize)}
	for _, name := range files {
		c.look(name)
	}
	slices.SortStableFunc(c.waiting, func(a, b part) int {
		if a.stream || b.stream {
			return cmp.Compare(rank(a), rank(b))
		}
		return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.name, b.name))
	})
	return c
}

func rank(p part) int {
	if p.stream {
		return 1
	}
	return 0
}

func (c *Chain) look(name string) {
	info, err := os.Stat(name)
	if name == Stdin || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		c.waiting = append(c.waiting, part{name: name, stream: true})
		c.total = -1
		return
	}
	f, err := open(name, source{buf: c.buf})
	if err != nil {
		c.broken = append(c.broken, err)
		return
	}
	defer f.Close()
	if f.Empty {
		if err := f.Next(&Packet{}); err != io.EOF {
			c.broken = append(c.broken, err)
		}
		return
	}
	c.waiting = append(c.waiting, part{name: name, size: info.Size(), first: f.First, link: f.Link})
	if c.total >= 0 {
		c.total += info.Size()
	}
}

// Batch reads packets into ps, all valid until the next call, and returns how
// many they are. Behind them come ErrNewCapture between two captures, a *Damage
// where a file could not be read any further (the next call goes on with the
// next file), and io.EOF after the last packet.
func (c *Chain) Batch(ps []Packet) (n int, err error) {
	for {
		if c.file == nil {
			if err := c.advance(); err != nil {
				return 0, err
			}
		}
		n, err := c.file.Batch(ps)
		for i := range ps[:n] {
			ps[i].File = int32(len(c.names) - 1)
			c.last = max(c.last, ps[i].Time)
		}
		if err == nil {
			return n, nil
		}
		c.finish()
		if err != io.EOF || n > 0 {
			return n, notEnd(err)
		}
	}
}

// notEnd returns err unless it is the end of a file, behind which another may
// come.
func notEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// advance opens the file that comes next.
func (c *Chain) advance() error {
	if len(c.broken) > 0 {
		err := c.broken[0]
		c.broken = c.broken[1:]
		return err
	}
	if len(c.waiting) == 0 {
		return io.EOF
	}
	i := 0
	if c.began {
		if i = slices.IndexFunc(c.waiting, c.continues); i < 0 {
			c.began = false
			return ErrNewCapture
		}
	}
	c.current = c.waiting[i]
	c.waiting = slices.Delete(c.waiting, i, i+1)
	f, err := open(c.current.name, source{ahead: true, buf: c.buf, count: &c.read})
	if err != nil {
		c.ended += c.current.size
		return err
	}
	if !c.began {
		c.began, c.last = true, f.First
	}
	c.file = f
	c.names = append(c.names, f.Name)
	return nil
}

// continues tells whether p goes on where the current capture ended.
func (c *Chain) continues(p part) bool {
	return !p.stream && !c.current.stream && p.link == c.current.link && p.first >= c.last
}

func (c *Chain) finish() {
	c.file.Close()
	c.file = nil
	c.ended += c.current.size
	if !c.current.stream {
		c.read.Store(c.ended)
	}
}

// Files returns the names of the files opened so far, in reading order; the
// index is Packet.File.
func (c *Chain) Files() []string { return c.names }

// Progress returns how many bytes of the files, as stored, have been read, and
// how many there are, -1 where that is not known. It may be called while
// another goroutine reads.
func (c *Chain) Progress() (read, total int64) {
	read = c.read.Load()
	if c.total >= 0 {
		read = min(read, c.total)
	}
	return read, c.total
}

// Close closes the file that is being read.
func (c *Chain) Close() error {
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file = nil
	return err
}
