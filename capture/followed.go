package capture

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fileState is where a followed file stands.
type fileState uint8

const (
	unread  fileState = iota // no whole packet has been seen in it
	waiting                  // it has one, and waits to be read
	reading                  // by a lane
	done                     // read, and followed by another one
	broken                   // not to be read any further, which was told
	foreign                  // something else than a capture
)

// followed is a file that a Follower knows.
type followed struct {
	name  string
	state fileState
	info  os.FileInfo // at the last scan
	since time.Time   // it has not changed
	fresh bool        // it has changed, and was not looked at since
	asked bool        // it was named, not found in a folder
	gone  bool        // removed, or replaced

	head   head
	link   LinkType
	first  int64  // time of the first packet
	from   int64  // time of the first one to read
	number uint64 // of the last packet that was read
	size   int64  // that was read

	// original is the file that this one, by its name, is a compressed copy of.
	original *followed
}

func changed(before, now os.FileInfo) bool {
	return before.Size() != now.Size() || !before.ModTime().Equal(now.ModTime())
}

// reset forgets what was in the file: something else is.
func (e *followed) reset() {
	e.state, e.fresh = unread, true
	e.number, e.size = 0, 0
}

// scan looks for new files, and for what became of those that are known.
func (f *Follower) scan() {
	f.scanned = time.Now()
	found := f.list()
	known := f.files
	f.files = make(map[string]*followed, len(found))
	var others []*followed // that are not known by this name
	for _, e := range found {
		old := known[e.name]
		if old == nil || !os.SameFile(old.info, e.info) {
			others = append(others, e)
			continue
		}
		delete(known, e.name)
		f.files[e.name] = old
		old.update(e.info)
	}
	missing := slices.Collect(maps.Values(known))
	for _, e := range others {
		f.files[e.name] = f.meet(e, missing)
	}
	for _, e := range missing {
		e.gone = f.files[e.name] != e
	}
	for _, e := range slices.SortedFunc(maps.Values(f.files), byName) {
		if e.fresh {
			f.look(e)
		}
	}
}

func byName(a, b *followed) int { return strings.Compare(a.name, b.name) }

// list lists the files that there are now. A folder that cannot be read now
// may come back.
func (f *Follower) list() (found []*followed) {
	seen := map[string]bool{}
	add := func(name string, asked bool) {
		name = filepath.Clean(name)
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || seen[name] {
			return
		}
		if len(seen) == maxFiles {
			f.tooMany(name)
			return
		}
		seen[name] = true
		found = append(found, &followed{name: name, info: info, since: f.scanned, fresh: true, asked: asked})
	}
	for _, arg := range f.args {
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			walk(arg, func(name string) { add(name, false) })
		} else {
			add(arg, true)
		}
	}
	return found
}

func (f *Follower) tooMany(name string) {
	if !f.crowded {
		f.crowded = true
		f.errs = append(f.errs, fmt.Errorf("%s: not read: there are more than %d files", name, maxFiles))
	}
}

// meet returns what is known of a file that has appeared: it may be a missing
// one by another name.
func (f *Follower) meet(e *followed, missing []*followed) *followed {
	for _, old := range missing {
		// The number of a removed file may be given to another one.
		if os.SameFile(old.info, e.info) && (old.state == unread || old.head.isOf(e.name)) {
			old.name = e.name
			old.update(e.info)
			return old
		}
	}
	original := strings.TrimSuffix(strings.TrimSuffix(e.name, ".gz"), ".zst")
	if original != e.name {
		e.original = f.files[original]
		if i := slices.IndexFunc(missing, func(m *followed) bool { return m.name == original }); i >= 0 {
			e.original = missing[i]
		}
	}
	return e
}

// isCopy tells whether e is a compressed copy of a file that is read as it is,
// such as "tcpdump -z gzip" makes of each before it removes it.
func (e *followed) isCopy() bool {
	o := e.original
	return o.known() && o.first == e.first && o.link == e.link
}

// known tells whether packets of the file have been seen. A nil file is none.
func (e *followed) known() bool {
	return e != nil && (e.state == waiting || e.state == reading || e.state == done)
}

func (e *followed) update(info os.FileInfo) {
	if changed(e.info, info) {
		e.info, e.since, e.fresh = info, time.Now(), true
	}
}

// look finds out what a new or changed file is.
func (f *Follower) look(e *followed) {
	switch e.state {
	case waiting, reading:
		e.fresh = false
		return
	case unread:
	default:
		e.fresh = false
		if e.info.Size() >= e.size && e.head.isOf(e.name) {
			f.lookAgain(e)
			return
		}
		e.reset()
	}
	file, err := os.Open(e.name)
	if err != nil {
		f.refuse(e, &Damage{File: e.name, Err: unnamed(err)})
		return
	}
	var magic uint32
	e.head, magic = readHead(file, headLen)
	file.Close()
	if (isGzip(magic) || isZstd(magic)) && !f.ending && time.Since(e.since) < settleAfter {
		return // it is being compressed
	}
	f.lookInto(e)
}

// lookInto looks for the first packet.
func (f *Follower) lookInto(e *followed) {
	file, err := open(e.name, source{buf: f.buf})
	if err != nil {
		f.refuse(e, err)
		return
	}
	defer file.Close()
	if file.Empty {
		if err := file.Next(&Packet{}); err != io.EOF {
			f.refuse(e, err)
		}
		e.fresh = false
		return
	}
	e.head, _ = readHead(file.file, headLen) // now that it holds the packet's time
	e.link, e.first, e.from = file.Link, file.First, file.First
	if e.isCopy() {
		if e.original.state != waiting { // where it is, it may be removed before its turn
			e.state, e.fresh, e.size, e.original = done, false, e.info.Size(), nil
		}
		return
	}
	e.fresh = false
	f.await(e)
}

// refuse is what follows when nothing can be read of a file, or nothing yet.
func (f *Follower) refuse(e *followed, err error) {
	e.fresh = false
	var short *headerCut
	var damage *Damage
	switch {
	case e.info.Size() < magicLen, errors.As(err, &short), errors.As(err, &damage) && damage.Err == errCut,
		errors.Is(err, fs.ErrNotExist), e.original.known(): // it may come
	case errors.Is(err, ErrNotCapture) && !e.asked:
		e.state = foreign
	default:
		e.state = broken
		f.errs = append(f.errs, err)
	}
}

// lookAgain looks whether a file that was read has grown by a packet.
func (f *Follower) lookAgain(e *followed) {
	if e.state != done || e.info.Size() <= e.size {
		return
	}
	file, err := open(e.name, source{buf: f.buf})
	if err != nil {
		return
	}
	defer file.Close()
	var p Packet
	if file.skipTo(e.number) && file.Next(&p) == nil {
		e.from = p.Time
		f.await(e)
	}
}

// await puts a file in the queue.
func (f *Follower) await(e *followed) {
	e.state = waiting
	i, _ := slices.BinarySearchFunc(f.waiting, e, func(a, b *followed) int {
		return cmp.Or(cmp.Compare(a.from, b.from), byName(a, b))
	})
	f.waiting = slices.Insert(f.waiting, i, e)
}
