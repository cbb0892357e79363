package sinks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// file is a file that lines are appended to. Others may write to it, too, and
// move it away: see Sinks.Reopen.
type file struct {
	path string
	f    *os.File
	torn bool // the last line has no end: the disk was full, or the program was killed
}

// open opens the file under its name. The one that was open before is not
// written to again, even where that fails: it may have been moved away to be
// removed.
func (t *file) open(context.Context) error {
	// O_NONBLOCK: to open a pipe would wait for its reader. O_NOFOLLOW: in a
	// folder that others write to, a link may lead anywhere.
	f, err := os.OpenFile(t.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return explain(err)
	}
	torn, err := endsTorn(f)
	if err != nil {
		f.Close()
		return err
	}
	t.close()
	t.f, t.torn = f, torn
	return nil
}

func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ELOOP):
		return errors.New("a link: name the file itself")
	case errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.EISDIR):
		return errNotFile
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("permission denied: user %d must be able to write it, and to create files in its folder", os.Geteuid())
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("its folder does not exist: create it, or name another file")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err // the path is told beside it
	}
	return err
}

var errNotFile = errors.New("not a file: name another one")

// endsTorn tells whether the last line of a file has no end.
func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, errNotFile
	case info.Size() == 0:
		return false, nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil {
		return false, fmt.Errorf("reading its end: %w", err)
	}
	return last[0] != '\n', nil
}

// write appends a line. A line that was cut off before gets its end first.
func (t *file) write(line []byte) error {
	if t.torn {
		if _, err := t.f.Write([]byte{'\n'}); err != nil {
			return explain(err)
		}
		t.torn = false
	}
	n, err := t.f.Write(line)
	t.torn = err != nil && n > 0
	return explain(err)
}

func (t *file) close() error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}
