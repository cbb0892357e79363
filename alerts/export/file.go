package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrThere says that a file of that name is there already.
var ErrThere = errors.New("there is such a file already")

// WriteFile makes a file that only its owner can read of what write gives. It
// has its name once it is whole: until then, and after an error, there is no
// such file, or the one from before, as it was. Only with replace it takes the
// name of another; a link keeps pointing to it. A device or a pipe has no name to
// take, and is written to.
func WriteFile(name string, replace bool, write func(io.Writer) error) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", name)
	case err == nil && !replace:
		return fmt.Errorf("%s: %w", name, ErrThere)
	case err == nil && (!info.Mode().IsRegular() || opened(name)):
		return writeTo(name, write)
	case err == nil:
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".mailtap-*") // 0600
	if err != nil {
		return named(name, err)
	}
	defer os.Remove(f.Name())
	if err := whole(f, name, write); err != nil {
		return err
	}
	if !replace {
		err := os.Link(f.Name(), name)
		if err == nil {
			return nil
		}
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s: %w", name, ErrThere)
		}
		// A file system without hard links.
	}
	return named(name, os.Rename(f.Name(), name))
}

// opened tells whether a name is one of what the program was given open, such as
// /dev/stdout: its file may have been written to already. /dev/shm holds files
// like others.
func opened(name string) bool {
	return strings.HasPrefix(name, "/dev/") && !strings.HasPrefix(name, "/dev/shm/")
}

// whole writes all of a file that will have a name, to the disk.
func whole(f *os.File, name string, write func(io.Writer) error) error {
	err := inPieces(f, write)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok && path.Path == f.Name() { // which is gone
		return named(name, err)
	}
	return err
}

// writeTo writes to what has to stay what it is.
func writeTo(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	err = inPieces(f, write)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// inPieces writes by large pieces.
func inPieces(w io.Writer, write func(io.Writer) error) error {
	const size = 64 << 10 // bytes
	b := bufio.NewWriterSize(w, size)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// named puts the name that was asked for in the place of the temporary one.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		err = link.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: its folder is not there: %w", name, err)
	}
	return fmt.Errorf("%s: cannot be written: %w", name, err)
}
