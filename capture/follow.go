package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const (
	// MaxFollowed is how many captures, which overlap in time, a Follower reads
	// beside each other. The one that was silent for longest makes room.
	MaxFollowed = 8

	followEvery = 200 * time.Millisecond // between two looks at files that have been read to their ends
	scanEvery   = time.Second            // between two looks for new files

	// settleAfter is how long a file must not have grown before a younger one
	// is taken for its continuation. Else it may be that both are written, and
	// are captures of their own.
	settleAfter = time.Second

	maxTurn      = 64 << 10 // packets of one capture, before others have a turn
	maxFiles     = 16 << 10 // known at a time; what lies beside them is told of, and not read
	maxFileNames = 64 << 10 // remembered for Packet.File
)

// Follower reads files while they are written, and those that appear in
// folders, as the captures that they are parts of: see Chain, whose rules these
// are. A record that is not whole is waited for. A file that is written anew
// from its beginning is another file, as is one that takes the place of
// another; one that is renamed is the same. A file that was removed is read to
// its end. Compressed files are read once, when they do not grow any more.
//
// Captures that overlap are read beside each other. Where a file grows again
// after another one continued it, its rest is a capture of its own.
//
// Except for Progress and Waiting it is not safe for concurrent use.
type Follower struct {
	args    []string
	files   map[string]*followed // by name, as they were seen last
	waiting []*followed          // to be read, in the order of their first packets
	lanes   []*lane              // the oldest first
	now     *lane                // that is being read; nil: choose one
	turn    int                  // packets until another one may be
	after   int                  // index of the lane after it
	errs    []error              // to be told
	begun   time.Time
	scanned time.Time
	crowded bool // there were more than maxFiles
	ending  bool

	names   []string
	named   int // how many names there were
	buf     []byte
	read    atomic.Int64
	waitFor atomic.Pointer[string]
}

// NewFollower looks at nothing but whether the arguments, files and folders,
// can be followed.
func NewFollower(args []string) (*Follower, error) {
	f := &Follower{args: args, files: map[string]*followed{}, begun: time.Now(), buf: make([]byte, windowSize)}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == Stdin:
			return nil, errors.New("standard input cannot be followed: it is read to its end as it is")
		case err != nil:
			return nil, fmt.Errorf("%s: %w", arg, unnamed(err))
		case info.IsDir():
			if err := walk(arg, func(string) {}); err != nil {
				return nil, err
			}
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: cannot be followed: neither a file nor a folder", arg)
		}
	}
	return f, nil
}

// Next reads the next packet into p, and says which capture it is of, a number
// below MaxFollowed. With ErrNewCapture that capture has ended, and its number
// is given to another. ErrTimeout comes when nothing was written for a while; a
// *Damage where a file cannot be read any further, or another error for one
// that cannot be read at all: the next call goes on. io.EOF comes after Finish
// only.
func (f *Follower) Next(p *Packet) (slot int, err error) {
	for {
		if l := f.now; l != nil {
			err := l.file.Next(p)
			if err == nil {
				p.File = l.index
				l.number, l.last = p.Number, max(l.last, p.Time)
				if l.grown {
					l.grown = false
					l.pace.met(p.Time, time.Since(f.begun))
				}
				if f.turn--; f.turn == 0 {
					f.now = nil
				}
				return l.slot, nil
			}
			f.now = nil
			f.pause(l, err)
		}
		if len(f.errs) > 0 {
			err := f.errs[0]
			f.errs = f.errs[1:]
			return 0, err
		}
		if time.Since(f.scanned) >= scanEvery {
			f.scan()
			f.checkAll()
		}
		if slot, err := f.choose(); err != nil {
			return slot, err
		}
	}
}

// Finish says that nothing is waited for any more: Next reads what has been
// written until now, and returns io.EOF then.
func (f *Follower) Finish() {
	if !f.ending {
		f.ending, f.scanned = true, time.Time{}
	}
}

// Unfinished returns where files end within a record that was waited for.
func (f *Follower) Unfinished() []*Damage {
	var list []*Damage
	for _, l := range f.lanes {
		if l.cut != nil {
			list = append(list, l.cut)
		}
	}
	return list
}

// choose sets the capture that is to be read next, or waits.
func (f *Follower) choose() (slot int, err error) {
	if f.ready() {
		return 0, nil
	}
	if len(f.waiting) > 0 {
		if slot, err := f.place(f.waiting[0]); err != nil {
			return slot, err
		}
	}
	switch {
	case f.ready() || len(f.errs) > 0:
		return 0, nil
	case f.ending && len(f.waiting) == 0:
		return 0, io.EOF
	case f.ending:
		return 0, nil
	}
	f.describe()
	time.Sleep(followEvery)
	f.checkAll()
	return 0, ErrTimeout
}

func (f *Follower) checkAll() {
	for _, l := range f.lanes {
		f.check(l)
	}
}

// ready looks for a capture with something to read.
func (f *Follower) ready() bool {
	for i := range f.lanes {
		n := (f.after + i) % len(f.lanes)
		if f.lanes[n].ready {
			f.now, f.turn, f.after = f.lanes[n], maxTurn, n+1
			f.waitFor.Store(nil)
			return true
		}
	}
	return false
}

// describe says what is waited for.
func (f *Follower) describe() {
	var open []string
	for _, l := range f.lanes {
		if l.file != nil {
			open = append(open, l.entry.name)
		}
	}
	text := "waiting for a capture file"
	switch {
	case len(open) == 1:
		text = "waiting for more of " + open[0]
	case len(open) > 1:
		text = fmt.Sprintf("waiting for more of %d files", len(open))
	}
	f.waitFor.Store(&text)
}

// Waiting says what is waited for, "" while there is something to read. It may
// be called while another goroutine reads.
func (f *Follower) Waiting() string {
	if text := f.waitFor.Load(); text != nil {
		return *text
	}
	return ""
}

// Progress returns how many bytes of the files, as stored, have been read; how
// many there will be is not known. It may be called while another goroutine
// reads.
func (f *Follower) Progress() (read, total int64) { return f.read.Load(), -1 }

// Files returns the names of the files that were read; the index is
// Packet.File. Of very many files the oldest names give way to the latest.
func (f *Follower) Files() []string { return f.names }

// name gives an index to the name of a file.
func (f *Follower) name(name string) int32 {
	i := f.named % maxFileNames
	f.named++
	if i == len(f.names) {
		f.names = append(f.names, name)
	} else {
		f.names[i] = name
	}
	return int32(i)
}

// Close closes the files.
func (f *Follower) Close() error {
	f.now = nil
	for _, l := range f.lanes {
		if l.file != nil {
			l.file.Close()
			l.file = nil
		}
	}
	return nil
}
