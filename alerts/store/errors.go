package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// explain turns an error about the database at path into one line that says
// what is wrong and what to do about it.
func explain(path string, err error) error {
	var lite sqlite3.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return denied(path)
	case errors.Is(err, syscall.EROFS):
		return readOnly(path)
	case errors.Is(err, syscall.ENOSPC):
		return full(path)
	case errors.As(err, &lite):
		return explainSQLite(path, lite)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func explainSQLite(path string, err sqlite3.Error) error {
	switch err.Code {
	case sqlite3.ErrNotADB:
		return fmt.Errorf("%s: not a database: name another file with --db", path)
	case sqlite3.ErrFull:
		return full(path)
	case sqlite3.ErrReadonly:
		return readOnly(path)
	case sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
		if errors.Is(err.SystemErrno, syscall.EROFS) {
			return readOnly(path)
		}
		return denied(path)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("%s: another program has kept it locked for %v: end that program, or try again", path, busyTimeout)
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("%s: damaged (%v): move it away, or put a copy in its place", path, err)
	case sqlite3.ErrIoErr:
		return fmt.Errorf("%s: %v (%v): check the disk", path, err, err.SystemErrno)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func denied(path string) error {
	return fmt.Errorf("%s: no permission: %s: run as that user, or name another file with --db", path, whoOwns(path))
}

func readOnly(path string) error {
	return fmt.Errorf("%s: it, or its file system, is read-only: name a file elsewhere with --db", path)
}

func full(path string) error {
	return fmt.Errorf("%s: the disk is full: free space, or name a file elsewhere with --db", path)
}
