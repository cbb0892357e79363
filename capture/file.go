package capture

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// Stdin is the name of standard input.
const Stdin = "-"

// File is one open capture. It is not safe for concurrent use.
type File struct {
	Name  string
	Empty bool     // not one packet can be read; Next says why
	Link  LinkType // of the first packet
	First int64    // time of the first packet, ns since 1970 UTC

	reader *Reader
	file   *os.File
	plain  io.Closer // the decompressor
	packed bool

	held    bool // first and its error have not been handed out
	first   Packet
	heldErr error
}

// Open opens a capture file by name, or standard input for "-". The format and
// the compression are told by content. It reads as far as the first packet.
// An error is a *Damage, which wraps ErrNotCapture where that is the reason.
func Open(name string) (*File, error) {
	return open(name, source{ahead: true, buf: make([]byte, windowSize)})
}

// source says how a file is to be read.
type source struct {
	ahead bool          // read and decompress in a goroutine
	grows bool          // what is not compressed may grow: it is not read ahead
	buf   []byte        // of windowSize
	count *atomic.Int64 // of bytes as stored; may be nil
}

func open(name string, s source) (*File, error) {
	f := &File{Name: name}
	err := f.open(s)
	if err != nil {
		f.Close()
		return nil, &Damage{File: name, Err: unnamed(err)}
	}
	return f, nil
}

func (f *File) open(s source) error {
	var err error
	if f.Name == Stdin {
		f.file = os.Stdin
	} else if f.file, err = os.Open(f.Name); err != nil {
		return err
	}
	info, err := f.file.Stat()
	if err != nil {
		return err
	} else if info.IsDir() {
		return errors.New("a folder, not a file")
	}
	var plain io.ReadCloser
	if plain, f.packed, err = decompress(&counter{f.file, s.count}); err != nil {
		return err
	}
	w := window{r: plain, buf: s.buf}
	f.plain = plain
	small := info.Mode().IsRegular() && info.Size() <= aheadSize // one read: the buffers would cost more than it
	if s.ahead && (f.packed || !s.grows && !small) {
		a := readAhead(plain)
		w, f.plain = window{ahead: a}, a
	}
	if f.reader, err = newReader(w); err != nil {
		return err
	}
	f.held = true
	if f.heldErr = f.reader.Next(&f.first); f.heldErr != nil {
		f.Empty = true
		return nil
	}
	f.Link, f.First = f.first.Link, f.first.Time
	return nil
}

// Next reads the next packet into p, whose File it leaves alone. It returns
// io.EOF at the end, and *Damage where the file cannot be read any further.
func (f *File) Next(p *Packet) error {
	var err error
	if f.held {
		f.held, err = false, f.heldErr
		f.first.File = p.File
		*p = f.first
	} else {
		err = f.reader.Next(p)
	}
	return f.told(err)
}

// Batch reads packets as Reader.Batch does, with the errors of Next.
func (f *File) Batch(ps []Packet) (n int, err error) {
	if f.held {
		if err := f.Next(&ps[0]); err != nil {
			return 0, err
		}
		return 1, nil
	}
	n, err = f.reader.Batch(ps)
	return n, f.told(err)
}

// told names the file in what is told of its damage.
func (f *File) told(err error) error {
	if d, ok := err.(*Damage); ok {
		d.File, d.Err = f.Name, unnamed(d.Err)
	}
	return err
}

// more lets Next go on behind the end that it has found: a file that is not
// compressed has grown since.
func (f *File) more() { f.reader.w.more() }

// Close closes the file. It does not wait for a read that is under way.
func (f *File) Close() error {
	if f.plain != nil {
		f.plain.Close()
	}
	if f.file == nil || f.Name == Stdin {
		return nil
	}
	return f.file.Close()
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if c.n != nil {
		c.n.Add(int64(n))
	}
	return n, err
}

// unnamed takes the file's name from an error that will be told with it.
func unnamed(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
