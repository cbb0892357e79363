// Package confine takes away what a sensor no longer needs once its devices,
// its database and its listeners are open: root, capabilities, and the reach
// to other files. What strangers send is then read by a process that has
// little to give.
//
// A capture is confined in this order:
//
//	open the devices, the database, the key, the evidence, the listeners
//	report, err := confine.Drop(confine.Options{
//		User:   user,                                  // of --user, may be ""
//		Files:  confine.DatabaseFiles(path),           // nil with --db none
//		Write:  []string{evidenceFolder},              // if any
//		Read:   []string{policyFile},                  // if any
//		Dial:   syslog != "",                          // connects by itself
//	})
//	an error ends the run, report.Missing is said unless --quiet
//	start to read
//
// What is open stays open and works: devices, their counters, listeners, the
// database, which may also be opened again. A device cannot be opened any more,
// nor can a listener, and no program can be started.
package confine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Options say who the process becomes and what it still needs. The zero value
// keeps the user and leaves no folder to write to.
type Options struct {
	// User is whom root becomes; "" keeps the user. Only root can change it.
	User string

	// Files are what the process has created or writes. Those of root's are
	// given to User; one that is missing is passed over. Their folders stay
	// writable, as those of Write do.
	Files []string

	// Write are folders, which must exist. A folder that only root may enter
	// and that holds nothing but what Files and Write name was made for them,
	// and is given to User too.
	Write []string

	// Read are files and folders that are read again later. Of a file, the
	// whole folder stays readable: editors put a new file in the place of the
	// old one.
	Read []string

	// Dial says that the process makes connections of its own. Otherwise no
	// TCP connection and no listener can be made, where the kernel can forbid
	// it.
	Dial bool
}

// Report says in words what took effect.
type Report struct {
	Done    []string
	Missing []string // what this system, or this user, cannot have
}

// Drop confines the whole process, all its threads, for good. It is called
// once. After an error some rights may be gone already, and the process is to
// end. A kernel that cannot do a part of it is no error, but told in the Report.
func Drop(o Options) (Report, error) {
	var r Report
	p, err := o.places()
	if err != nil {
		return r, err
	}
	if o.User != "" {
		a, err := lookUp(o.User)
		if err != nil {
			return r, err
		}
		if err := a.become(p); err != nil {
			return r, err
		}
		r.Done = append(r.Done, fmt.Sprintf("running as %s", a.name))
	}
	if os.Geteuid() == 0 {
		r.Missing = append(r.Missing, "still running as root, which a capture needs only to begin: name a user with --user, which it then becomes")
	}
	return r, harden(p, &r)
}

// DatabaseFiles returns the files of the database at path: itself, its
// write-ahead log with the index, and the key beside it.
func DatabaseFiles(path string) []string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path // and Drop says that its folder is not there
	}
	return []string{real, real + "-wal", real + "-shm", path + ".key"}
}

// places are Options with all links resolved.
type places struct {
	files []string
	write []string // folders
	named []string // files and folders to read
	read  []string // their folders
	dial  bool
}

func (o *Options) places() (*places, error) {
	p := &places{dial: o.Dial}
	for _, file := range o.Files {
		folder, err := resolve(filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, filepath.Join(folder, filepath.Base(file)))
		p.write = append(p.write, folder)
	}
	for _, folder := range o.Write {
		real, err := resolve(folder)
		if err != nil {
			return nil, err
		}
		p.write = append(p.write, real)
	}
	for _, path := range o.Read {
		real, err := resolve(path)
		if err != nil {
			return nil, err
		}
		p.named = append(p.named, real)
		if info, err := os.Stat(real); err == nil && !info.IsDir() {
			// A link may lead elsewhere the next time: its own folder counts too.
			p.read = append(p.read, filepath.Dir(path))
			real = filepath.Dir(real)
		}
		p.read = append(p.read, real)
	}
	slices.Sort(p.write)
	p.write = slices.Compact(p.write)
	return p, nil
}

func resolve(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: does not exist: create it first", path)
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}
