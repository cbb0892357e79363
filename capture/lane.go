package capture

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"
)

// lane is a capture that is followed: a file, and those that continued it.
type lane struct {
	slot   int
	link   LinkType
	last   int64 // latest time
	entry  *followed
	file   *File  // nil: closed
	index  int32  // Packet.File
	number uint64 // of the last packet
	buf    []byte

	ready bool // there may be something to read
	grown bool // there was nothing, and the next packet was written since
	pace  pace
	cut   *Damage     // the file ends within a record
	seen  os.FileInfo // at the last look
	since time.Time   // the file has not grown
}

var errRewritten = errors.New("written anew before it was read to its end")

// continues tells whether e may go on where l has ended until now. The rest of
// a file goes on nowhere: it was found to be a capture of its own.
func (l *lane) continues(e *followed) bool {
	return e.number == 0 && e.link == l.link && e.from >= l.last
}

// place gives a waiting file to the capture that it continues, or begins one
// with it. Where that may not be told yet it does nothing. The error is
// ErrNewCapture for one that had to make room.
func (f *Follower) place(e *followed) (slot int, err error) {
	if i := slices.IndexFunc(f.lanes, func(l *lane) bool { return l.continues(e) }); i >= 0 {
		if l := f.lanes[i]; f.settled(l) {
			f.finish(l)
			f.begin(l, e)
		}
		return 0, nil
	}
	if len(f.lanes) == MaxFollowed {
		return f.makeRoom()
	}
	l := &lane{slot: f.freeSlot(), buf: make([]byte, windowSize)}
	if f.begin(l, e) {
		f.lanes = append(f.lanes, l)
	}
	return 0, nil
}

// makeRoom ends the capture that was silent for longest.
func (f *Follower) makeRoom() (slot int, err error) {
	oldest := slices.MinFunc(f.lanes, func(a, b *lane) int { return a.since.Compare(b.since) })
	if !f.settled(oldest) {
		return 0, nil
	}
	f.finish(oldest)
	f.lanes = slices.DeleteFunc(f.lanes, func(l *lane) bool { return l == oldest })
	return oldest.slot, ErrNewCapture
}

func (f *Follower) freeSlot() int {
	slot := 0
	for slices.ContainsFunc(f.lanes, func(l *lane) bool { return l.slot == slot }) {
		slot++
	}
	return slot
}

// begin opens a waiting file as the next one of l.
func (f *Follower) begin(l *lane, e *followed) bool {
	f.waiting = slices.DeleteFunc(f.waiting, func(w *followed) bool { return w == e })
	file, err := open(e.name, source{ahead: true, grows: true, buf: l.buf, count: &f.read})
	if err != nil {
		e.state = broken
		f.errs = append(f.errs, err)
		return false
	}
	if file.Empty || file.First != e.first || !file.skipTo(e.number) {
		file.Close()
		e.reset()
		return false
	}
	e.state = reading
	if l.entry == nil {
		l.last = e.from
	}
	l.entry, l.file, l.link, l.ready = e, file, file.Link, true
	l.grown = false
	l.index, l.number, l.cut = f.name(e.name), e.number, nil
	l.seen, l.since = e.info, e.since
	return true
}

// skipTo passes over the packets up to a number. It reports whether there are
// so many.
func (f *File) skipTo(number uint64) bool {
	var p Packet
	for p.Number < number {
		if f.Next(&p) != nil {
			return false
		}
	}
	return true
}

// pause is what follows an error of l's file.
func (f *Follower) pause(l *lane, err error) {
	l.ready = false
	l.look()
	var damage *Damage
	switch {
	case err == io.EOF:
		l.cut = nil
	case errors.As(err, &damage) && damage.Err == errCut:
		l.cut = damage
	case !l.file.packed && !l.entry.head.matches(l.file.file):
		f.rewritten(l)
		return
	default:
		l.cut, l.entry.state = nil, broken
		f.errs = append(f.errs, err)
		f.finish(l)
		return
	}
	if l.file.packed {
		f.finish(l)
	}
}

// look looks at l's file, and reports whether it has changed since.
func (l *lane) look() bool {
	info, err := l.file.file.Stat()
	if err != nil || !changed(l.seen, info) {
		return false
	}
	l.seen, l.since = info, time.Now()
	return true
}

// check looks whether l's file, which was read to its end, has grown.
func (f *Follower) check(l *lane) {
	if l.file == nil || l.ready {
		return
	}
	read := l.file.offset()
	if !l.look() && l.seen.Size() == read {
		if l.entry.gone && time.Since(l.since) >= settleAfter {
			f.finish(l) // its disk space is waited for
		}
		return
	}
	switch size := l.seen.Size(); {
	case size < read || !l.entry.head.matches(l.file.file):
		f.rewritten(l)
	case size > read:
		l.file.more()
		l.ready, l.grown = true, true
	}
}

// offset returns how many bytes of the file have been read.
func (f *File) offset() int64 {
	n, _ := f.file.Seek(0, io.SeekCurrent)
	return n
}

// rewritten ends the reading of a file whose bytes are not those that were
// there before.
func (f *Follower) rewritten(l *lane) {
	if l.cut != nil {
		l.cut.Err = errRewritten
	}
	f.finish(l)
	l.entry.reset()
}

// settled tells whether l's file has been read, and will not go on as far as
// can be told.
func (f *Follower) settled(l *lane) bool {
	f.check(l)
	return !l.ready && (f.ending || l.file == nil || time.Since(l.since) >= settleAfter)
}

// finish closes l's file.
func (f *Follower) finish(l *lane) {
	if l.file == nil {
		return
	}
	if l.cut != nil {
		f.errs = append(f.errs, l.cut)
		l.cut = nil
	}
	e := l.entry
	e.number, e.size = l.number, l.file.offset()
	if e.state == reading {
		e.state = done
	}
	l.file.Close()
	l.file = nil
}
