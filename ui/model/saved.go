package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts/export"
)

// Bounds of the file of saved filters.
const (
	MaxSaved      = 100      // filters
	maxSavedBytes = 64 << 10 // of the file
)

// Saved is one filter that has a name.
type Saved struct {
	Name string `json:"name"`
	View string `json:"view"` // that it is for: "cases"
	Text string `json:"text"`
}

var savedName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// ReadSaved reads the filters that a file has. No file has none.
func ReadSaved(path string) ([]Saved, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || path == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSavedBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxSavedBytes {
		return nil, fmt.Errorf("%s: longer than %d bytes: move it away", path, maxSavedBytes)
	}
	var list []Saved
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: no saved filters: %w; move it away", path, err)
	}
	if len(list) > MaxSaved {
		return nil, fmt.Errorf("%s: more than %d filters: take some out", path, MaxSaved)
	}
	return list, nil
}

// Save puts a filter into a file, in the place of one of its name. An empty
// text takes that out.
func Save(path string, s Saved) error {
	switch {
	case path == "":
		return errors.New("there is no folder to keep filters in: set XDG_CONFIG_HOME or HOME")
	case !savedName.MatchString(s.Name):
		return fmt.Errorf("%q is no name: up to 32 of a-z 0-9 - _", s.Name)
	}
	list, err := ReadSaved(path)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(old Saved) bool { return old.Name == s.Name })
	if s.Text != "" {
		list = append(list, s)
	}
	if len(list) > MaxSaved {
		return fmt.Errorf("%d filters are saved: :forget one first", MaxSaved)
	}
	slices.SortFunc(list, func(a, b Saved) int { return strings.Compare(a.Name, b.Name) })
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(b, '\n'))
}

// replaceFile writes a file that only its owner may read: all of it, or
// nothing.
func replaceFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return export.WriteFile(path, true, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}
