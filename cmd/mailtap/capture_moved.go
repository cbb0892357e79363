package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mailtap/mailtap/alerts/store"
)

// databaseFile is the file of a database that is open. SQLite writes on to one
// that was removed or replaced, and nobody would ever read that.
type databaseFile struct {
	path  string
	files map[string]os.FileInfo // by name: it, its write-ahead log and the index of that
}

// opened remembers the files that are now under the names.
func (f *databaseFile) opened() {
	f.files = map[string]os.FileInfo{}
	for _, name := range []string{f.path, f.path + "-wal", f.path + "-shm"} {
		if info, err := os.Stat(name); err == nil {
			f.files[name] = info
		}
	}
}

// ours tells whether the file under a name is still the one that was opened.
func (f *databaseFile) ours(name string) (bool, error) {
	info, err := os.Stat(name)
	known := f.files[name]
	return err == nil && known != nil && os.SameFile(info, known), err
}

// gone tells what became of the file; nil: it is in its place, or that cannot
// be seen.
func (f *databaseFile) gone() error {
	ours, err := f.ours(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: it was removed, or moved away, while it was in use", f.path)
	case err == nil && !ours:
		return fmt.Errorf("%s: another file was put in its place while it was in use", f.path)
	}
	return nil
}

// sweep removes what a database that is gone has left beside its name: SQLite
// would take its log for that of the next one.
func (f *databaseFile) sweep() {
	for name := range f.files {
		if ours, _ := f.ours(name); ours && name != f.path {
			os.Remove(name) // where that fails the opening tells
		}
	}
}

// missing notices that the file of the database is gone, and says it once.
func (s *spool) missing() error {
	err := s.gone()
	if err == nil {
		return nil
	}
	s.mu.Lock()
	news := !s.moved
	s.moved, s.away = true, err
	s.told = true
	s.changed.Broadcast()
	s.mu.Unlock()
	if news {
		s.say("%v; a new one is begun, and results are kept in memory, at most %d and %d MiB, until it can be written",
			err, maxSpooled, maxSpooledBytes>>20)
	}
	return err
}

// opened opens the database anew where its file is gone, and tells whether
// there is a store. What the old one has not stored comes back from it.
func (s *spool) opened() bool {
	s.mu.Lock()
	moved := s.moved
	s.mu.Unlock()
	if !moved {
		return true
	}
	if s.store != nil {
		s.store.Close() // its error is about a file that nobody reads
		s.store = nil
	}
	to, err := s.reopen()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.away = err
		return false
	}
	s.store, s.moved = to, false
	return true
}

// storeAgain lets the database be opened anew where its file is gone.
func (r *runner) storeAgain(options store.Options, key [32]byte) {
	f := &databaseFile{path: r.database}
	f.opened()
	r.spool.gone = f.gone
	r.spool.reopen = func() (writer, error) {
		f.sweep()
		s, err := store.Open(r.database, options)
		if err != nil {
			return nil, err
		}
		r.passed += r.store.Passed()
		r.store = s
		f.opened()
		keepKey(keyPath(r.database), key)
		return s, nil
	}
}

// keepKey writes the key of the run's fingerprints back where it went with the
// database. Without it later runs only compare passwords with none of before.
func keepKey(path string, key [32]byte) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	defer file.Close()
	if _, err := file.Write(key[:]); err != nil {
		os.Remove(path) // half a key would be in the way of the next run
	}
}
