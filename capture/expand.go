package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Expand turns what a person names into a list of files. A folder stands for
// the captures in it and in its subfolders, except hidden ones; what else lies
// there is passed over, and so are links to folders. A file that is named, or
// "-", stands for itself, whatever it holds. What is named more than once, or by
// a link, too, is read once. It is an error if something does not exist, and if
// a folder holds no capture.
func Expand(args []string) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	add := func(name string) {
		if whole := resolved(name); !seen[whole] {
			seen[whole] = true
			files = append(files, name)
		}
	}
	buf := make([]byte, windowSize)
	for _, arg := range args {
		if arg == Stdin {
			add(arg)
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", arg, unnamed(err))
		}
		if !info.IsDir() {
			add(arg)
			continue
		}
		none := true
		err = walk(arg, func(name string) {
			if isCapture(name, buf) {
				none = false
				add(name)
			}
		})
		if err != nil {
			return nil, err
		}
		if none {
			return nil, fmt.Errorf("%s: no capture file in this folder (pcap or pcapng, also as .gz or .zst)", arg)
		}
	}
	return files, nil
}

// resolved returns the path of a file without links, as far as it can be told.
func resolved(name string) string {
	if whole, err := filepath.EvalSymlinks(name); err == nil {
		name = whole
	}
	if whole, err := filepath.Abs(name); err == nil {
		name = whole
	}
	return name
}

// walk visits what lies in a folder and its subfolders, hidden ones excepted,
// in the order of names.
func walk(folder string, visit func(name string)) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", folder, unnamed(err))
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := filepath.Join(folder, e.Name())
		if !e.IsDir() {
			visit(name)
		} else if err := walk(name, visit); err != nil {
			return err
		}
	}
	return nil
}

// isCapture tells whether a file in a folder is to be read. One that cannot be
// opened or read is: reading it will say so, where silence would hide it.
func isCapture(name string, buf []byte) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false // opening a pipe would wait for its writer
	}
	f, err := open(name, source{buf: buf})
	if err != nil {
		return !errors.Is(err, ErrNotCapture)
	}
	f.Close()
	return true
}
