package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// prepareFile makes sure that path is a file that only its owner may open, and
// returns it as an absolute path without links. SQLite gives the write-ahead
// log and its index the permissions of the database.
func prepareFile(path string, makeFolder bool) (string, error) {
	if makeFolder {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", explain(path, err)
		}
	}
	// O_EXCL follows no link at the end of path.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		file.Close()
	case errors.Is(err, fs.ErrExist):
		if err := checkFile(path); err != nil {
			return "", err
		}
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: its folder does not exist: create it, or name another file with --db", path)
	default:
		return "", explain(path, err)
	}
	return resolve(path)
}

// checkFile looks at a file that is there already.
func checkFile(path string) error {
	link, err := os.Lstat(path)
	if err != nil {
		return explain(path, err)
	}
	if link.Mode()&fs.ModeSymlink != 0 {
		if uid := owner(link); uid != os.Geteuid() && uid != 0 {
			return fmt.Errorf("%s: a link that belongs to %s: name the file itself with --db", path, userName(uid))
		}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: a link to nothing: remove it, or name another file with --db", path)
	case err != nil:
		return explain(path, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a file: name another one with --db", path)
	case foreign(path):
		return fmt.Errorf("%s: not a database: name another file with --db", path)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s: others may read it (mode %04o): chmod 600 it, or name another file with --db", path, info.Mode().Perm())
	}
	return nil
}

// foreign tells whether a file holds something else than SQLite's databases do.
func foreign(path string) bool {
	const magic = "SQLite format 3\x00"
	file, err := os.Open(path)
	if err != nil {
		return false // that is told when it is opened
	}
	defer file.Close()
	head := make([]byte, len(magic))
	n, _ := io.ReadFull(file, head)
	return n > 0 && string(head[:n]) != magic
}

func resolve(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return "", explain(path, err)
	}
	return real, nil
}

// whoOwns names the owner of path or, where path is not to be seen, of the
// nearest folder above it that is.
func whoOwns(path string) string {
	for {
		if info, err := os.Stat(path); err == nil {
			return fmt.Sprintf("%s belongs to %s (mode %04o)", path, userName(owner(info)), info.Mode().Perm())
		}
		parent := filepath.Dir(path)
		if parent == path {
			return "its owner is not known"
		}
		path = parent
	}
}

func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "user " + strconv.Itoa(uid)
}
