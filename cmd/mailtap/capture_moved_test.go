//go:build linux

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
)

// A database whose file is gone is begun anew: what is stored from then on is
// in the new one, also what had been handed to the old one.
func TestSpoolMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpooling(func(alerts.Result) bool { return false })
		old := s.disk
		var gone, openable atomic.Bool
		s.gone = func() error {
			if gone.Load() {
				return errors.New("x.db: it was removed")
			}
			return nil
		}
		s.reopen = func() (writer, error) {
			if !openable.Load() {
				return nil, errFull
			}
			gone.Store(false)
			s.disk = &disk{spool: s.spool, full: old.full, queue: make(chan alerts.Result, 4), done: make(chan struct{})}
			go s.disk.run()
			return s.disk, nil
		}
		for i := range 30 {
			if i == 10 {
				gone.Store(true)
			}
			if i == 20 {
				openable.Store(true)
			}
			s.add(resultOf(i + 1))
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(2 * maxPause)
		if err := s.finish(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if diff := cmp.Diff(upTo(30)[10:], s.disk.stored); diff != "" {
			t.Errorf("stored anew (-want +got):\n%s", diff)
		}
		want := []string{
			"x.db: it was removed; a new one is begun, and results are kept in memory, at most 10000 and 128 MiB, until it can be written",
			"the database can be written again; 0 results were given up in the meantime",
		}
		if diff := cmp.Diff(want, s.said); diff != "" {
			t.Errorf("said (-want +got):\n%s", diff)
		}
		if st := s.state(); s.told.Load() != 30 || st.stored != 30 || st.lost != 0 || st.held+st.inside != 0 || st.away != nil {
			t.Errorf("%d told, %+v", s.told.Load(), st)
		}
	})
}

// A file that is gone at the end, and cannot be made, costs its results and no
// more.
func TestSpoolMovedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpooling(func(alerts.Result) bool { return false })
		s.gone = func() error { return errors.New("x.db: it was removed") }
		s.reopen = func() (writer, error) { return nil, errFull }
		for i := range 5 {
			s.add(resultOf(i + 1))
		}
		if err := s.finish(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if st := s.state(); s.told.Load() != 5 || st.stored != 0 || st.lost != 5 || st.held+st.inside != 0 {
			t.Errorf("%d told, %+v", s.told.Load(), st)
		}
	})
}

// Whatever is done to the file of a database under a running capture, it is
// said, and what is found from then on is in the database of that name.
func sensorDatabaseGone(t *testing.T) {
	replace := func(t *testing.T, db string) {
		other := filepath.Join(t.TempDir(), "other.db")
		mailtap(t, statusDone, "analyze", "--db", other, "--quiet", filepath.Join(samples, "imap-login.pcap"))
		if err := os.Rename(other, db); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(names ...string) func(*testing.T, string) {
		return func(t *testing.T, db string) {
			for _, name := range names {
				if err := os.Remove(db + name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, tt := range []struct {
		name  string
		do    func(*testing.T, string)
		said  string
		found int // passwords in the end, beside those of the other database
	}{
		{"removed", remove(""), "it was removed, or moved away, ", 0},
		{"removed-with-all", remove("", "-wal", "-shm", ".key"), "it was removed, or moved away, ", 0},
		{"moved", func(t *testing.T, db string) {
			if err := os.Rename(db, db+".old"); err != nil {
				t.Fatal(err)
			}
		}, "it was removed, or moved away, ", 0},
		{"replaced", replace, "another file was put in its place ", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "mailtap.db")
			live := startCapture(t, "--db", db, "--format", "jsonl")
			play(t, 110, pop3Login)
			live.waitStdout(t, `"rule":"cleartext-password"`, 1)
			key := readFile(t, db+".key")
			tt.do(t, db)
			play(t, 110, pop3Login)
			play(t, 110, pop3Login)
			live.wait(t, live.stderr, tt.said, 1)
			live.wait(t, live.stderr, "the database can be written again; 0 results were given up", 1)
			play(t, 110, pop3Login)
			live.waitStdout(t, `"rule":"cleartext-password"`, 4)
			live.stop(t, syscall.SIGTERM, statusDone)
			if out, _ := mailtap(t, statusDone, "db", "check", "--db", db); out != "ok\n" {
				t.Errorf("db check: %s", out)
			}
			if n := storedFindings(t, db, "cleartext-password"); n != 3+tt.found {
				t.Errorf("%d passwords are stored, want %d\n%s", n, 3+tt.found, live.stderr)
			}
			if diff := cmp.Diff(key, readFile(t, db+".key")); diff != "" {
				t.Error("the key is another one")
			}
			if n := strings.Count(live.stderr.String(), "while it was in use"); n != 1 {
				t.Errorf("said %d times:\n%s", n, live.stderr)
			}
		})
	}
}
