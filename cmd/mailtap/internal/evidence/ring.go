package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/mailtap/mailtap/capture"
)

// DefaultSize is how many bytes the files of a ring take together, unless it is
// said otherwise, and MinSize is the least that can be said.
const (
	DefaultSize = 1 << 30
	MinSize     = 1 << 20
)

const (
	filesOfRing = 16 // into so many files its size is divided at least
	maxRingFile = 64 << 20

	ringPrefix = "evidence-"
	ringSuffix = ".pcapng"
)

// ringComment is in the header of each file.
const ringComment = "mailtap: packets of mail sessions with findings, as they were captured, passwords included"

// ring writes files of packets in a folder and removes the oldest, so that
// they never take more than size bytes. Files of other names are left alone.
type ring struct {
	dir   string
	lock  *os.File // the folder: it has one writer
	size  int64
	each  int64 // bytes of a file
	file  *os.File
	out   *Writer
	whole int64      // bytes of file in which all sessions are whole
	files []ringFile // oldest first, without the one that is written
	next  uint64     // number of the next file
}

type ringFile struct {
	number uint64
	size   int64
}

// openRing makes the folder, for its owner alone, or goes on in one.
func openRing(dir string, size int64) (*ring, error) {
	if size < MinSize {
		return nil, fmt.Errorf("%s: %d bytes are too few for evidence: give at least %d", dir, size, MinSize)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	r := &ring{dir: dir, lock: lock, size: size, each: min(size/filesOfRing, maxRingFile)}
	if err := r.list(); err != nil {
		lock.Close()
		return nil, err
	}
	return r, nil
}

// lockFolder opens a folder that only its owner may look into, for one program
// at a time. A file system that has no locks is used without.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.IsDir():
		err = fmt.Errorf("%s: not a folder: name one", dir)
	case info.Mode().Perm()&0o077 != 0:
		err = fmt.Errorf("%s: others may look into this folder, and evidence holds passwords: 'chmod 700' it, or name another", dir)
	case errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK):
		err = fmt.Errorf("%s: another capture keeps its evidence there: end it, or name another folder", dir)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// list finds the files that are there.
func (r *ring) list() error {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, ok := ringNumber(e.Name())
		if !ok {
			continue
		}
		r.next = max(r.next, number+1)
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			r.files = append(r.files, ringFile{number, info.Size()})
		}
	}
	slices.SortFunc(r.files, func(a, b ringFile) int { return cmp.Compare(a.number, b.number) })
	return r.shrink(0)
}

func (r *ring) name(number uint64) string {
	return filepath.Join(r.dir, fmt.Sprintf("%s%08d%s", ringPrefix, number, ringSuffix))
}

// ringNumber returns the number of a file that a ring has written.
func ringNumber(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, ringPrefix)
	if !ok {
		return 0, false
	}
	if digits, ok = strings.CutSuffix(digits, ringSuffix); !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, err == nil && fmt.Sprintf("%08d", n) == digits
}

// room sees to it that n bytes more can be written: in a new file where the
// current one would grow too large, and by removing the oldest.
func (r *ring) room(n int64) error {
	if r.out != nil && r.out.Size()+n > r.each {
		if err := r.close(); err != nil {
			return err
		}
	}
	if err := r.shrink(n); err != nil {
		return err
	}
	if r.out != nil {
		return nil
	}
	f, err := os.OpenFile(r.name(r.next), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	r.file, r.whole, r.next = f, 0, r.next+1
	r.out, err = NewWriter(f, "mailtap", ringComment)
	return err
}

// giveUp ends the current file after an error, before the session that could
// not be written.
func (r *ring) giveUp() {
	if r.file == nil {
		return
	}
	if r.whole > 0 && r.file.Truncate(r.whole) == nil {
		r.files = append(r.files, ringFile{r.next - 1, r.whole})
	} else {
		os.Remove(r.file.Name())
	}
	r.file.Close()
	r.file, r.out = nil, nil
}

// shrink removes the oldest files until n bytes more fit in.
func (r *ring) shrink(n int64) error {
	total := n
	if r.out != nil {
		total += r.out.Size()
	}
	for _, f := range r.files {
		total += f.size
	}
	for len(r.files) > 0 && total > r.size {
		if err := os.Remove(r.name(r.files[0].number)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= r.files[0].size
		r.files = r.files[1:]
	}
	return nil
}

// packet writes a packet; room was made for it.
func (r *ring) packet(p *capture.Packet, comments ...string) error {
	return r.out.Packet(p, comments...)
}

// unlock lets another program write to the folder.
func (r *ring) unlock() error { return r.lock.Close() }

// close ends the current file.
func (r *ring) close() error {
	if r.file == nil {
		return nil
	}
	r.files = append(r.files, ringFile{r.next - 1, r.out.Size()})
	err := r.file.Close()
	r.file, r.out = nil, nil
	return err
}
