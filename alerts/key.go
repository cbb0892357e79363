package alerts

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// RandomKey returns a key for one run that keeps nothing.
func RandomKey() (key [32]byte) {
	rand.Read(key[:])
	return key
}

// LoadKey reads the key of a database's fingerprints from the file at path, and
// makes one where there is none. It refuses a file that others may read.
func LoadKey(path string) ([32]byte, error) {
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return [32]byte{}, err
	}
	return readKey(path)
}

func readKey(path string) (key [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return key, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return key, err
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return key, fmt.Errorf("%s: not a regular file", path)
	case mode.Perm()&0o077 != 0:
		return key, fmt.Errorf("%s: mode %#o lets others use the key: chmod 600 it", path, mode.Perm())
	case info.Size() != int64(len(key)):
		return key, fmt.Errorf("%s: has %d bytes, and a key has %d", path, info.Size(), len(key))
	}
	if _, err := io.ReadFull(f, key[:]); err != nil {
		return [32]byte{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// createKey writes the key beside path and links it there: a second process
// finds either no file or a whole one, and nobody replaces the other's.
func createKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // O_EXCL, 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := RandomKey()
	_, err = f.Write(key[:])
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
