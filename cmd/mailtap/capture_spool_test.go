package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// disk is a store whose disk may be full. It answers in its own goroutine, as
// the real one does.
type disk struct {
	spool  *spool
	full   func(alerts.Result) bool
	queue  chan alerts.Result
	done   chan struct{}
	stored []int // by number
	first  error
}

var errFull = errors.New("x.db: the disk is full")

func (d *disk) Add(r alerts.Result) { d.queue <- r }

func (d *disk) Close() error {
	close(d.queue)
	<-d.done
	return d.first
}

func (d *disk) run() {
	defer close(d.done)
	for r := range d.queue {
		time.Sleep(time.Millisecond)
		if d.full(r) {
			if d.first == nil {
				d.first = errFull
			}
			d.spool.failed([]alerts.Result{r}, errFull)
			continue
		}
		d.stored = append(d.stored, numberOf(r))
		d.spool.committed([]alerts.Result{r})
	}
}

func resultOf(n int) (r alerts.Result) {
	copy(r.Session.ID[:], fmt.Sprintf("%08d", n))
	r.Session.Facts = new(dissect.Facts)
	return r
}

func numberOf(r alerts.Result) (n int) {
	fmt.Sscan(strings.TrimLeft(string(r.Session.ID[:8]), "0")+" ", &n)
	return n
}

// spooling is a spool before a disk, and what both said.
type spooling struct {
	*spool
	disk *disk
	said []string
	told atomic.Int64 // results that are settled
}

func newSpooling(full func(alerts.Result) bool) *spooling {
	s := &spooling{disk: &disk{full: full, queue: make(chan alerts.Result, 4), done: make(chan struct{})}}
	s.spool = newSpool(func(format string, args ...any) { s.said = append(s.said, fmt.Sprintf(format, args...)) },
		func(batch []alerts.Result) { s.told.Add(int64(len(batch))) })
	s.disk.spool = s.spool
	go s.disk.run()
	s.begin(s.disk)
	return s
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

// What comes while the disk is full waits, and is stored in its order when
// there is room again. Both are said once.
func TestSpoolRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		s := newSpooling(func(alerts.Result) bool { return full.Load() })
		for i := range 30 {
			full.Store(i >= 10 && i < 20)
			s.add(resultOf(i + 1))
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(2 * maxPause)
		if err := s.finish(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if diff := cmp.Diff(upTo(30), s.disk.stored); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		want := []string{
			"x.db: the disk is full; results are kept in memory, at most 10000 and 128 MiB, until it can be written",
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

// Beyond the bound results are given up, counted and told as found; so is what
// is left in the end.
func TestSpoolBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpooling(func(alerts.Result) bool { return true })
		s.add(resultOf(1))
		time.Sleep(100 * time.Millisecond)
		const beyond = 50
		for i := range maxSpooled + beyond {
			s.add(resultOf(i + 2))
		}
		if st := s.state(); st.held > maxSpooled || st.lost < beyond || s.told.Load() != int64(st.lost) {
			t.Errorf("%d told, %+v", s.told.Load(), st)
		}
		if err := s.finish(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if st := s.state(); s.told.Load() != maxSpooled+beyond+1 || st.lost != maxSpooled+beyond+1 || st.held != 0 {
			t.Errorf("in the end %d told, %+v", s.told.Load(), st)
		}
		if len(s.said) != 1 {
			t.Errorf("said %q", s.said)
		}
	})
}

// So they are beyond the memory that they may take. One that is larger than all
// of it waits alone.
func TestSpoolMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const recipients, each = 1000, 50 // of a message, and messages of a result
		to := slices.Repeat([]string{strings.Repeat("a", dissect.MaxText)}, recipients)
		large := func(n, messages int) alerts.Result {
			r := resultOf(n)
			r.Session.Facts.Messages = slices.Repeat([]*dissect.Message{{To: to}}, messages)
			return r
		}
		s := newSpooling(func(alerts.Result) bool { return true })
		s.add(large(1, 10*each))
		time.Sleep(100 * time.Millisecond)
		if st := s.state(); st.held != 1 || st.lost != 0 {
			t.Errorf("%+v, want the large one to wait", st)
		}
		const added, room = 20, maxSpooledBytes / (each * recipients * dissect.MaxText)
		s.finish()
		s = newSpooling(func(alerts.Result) bool { return true })
		s.add(resultOf(1))
		time.Sleep(100 * time.Millisecond)
		for i := range added {
			s.add(large(i+2, each))
		}
		if st := s.state(); st.held < 2 || st.held > room+1 || st.held+int(st.lost) != added+1 {
			t.Errorf("%+v, want at most %d of %d to wait", st, room+1, added+1)
		}
		s.finish()
		if s.bytes != 0 {
			t.Errorf("%d bytes wait in the end", s.bytes)
		}
	})
}

// What waits is tried a last time in the end.
func TestSpoolFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		full.Store(true)
		s := newSpooling(func(alerts.Result) bool { return full.Load() })
		for i := range 5 {
			s.add(resultOf(i + 1))
		}
		time.Sleep(100 * time.Millisecond)
		full.Store(false)
		begun := time.Now()
		if err := s.finish(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it took %v", took)
		}
		if st := s.state(); len(s.disk.stored) != 5 || st.lost != 0 {
			t.Errorf("stored %v, %+v", s.disk.stored, st)
		}
	})
}

// A result that can never be stored does not keep others from it.
func TestSpoolResultAtFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpooling(func(r alerts.Result) bool { return numberOf(r) == 3 })
		for i := range 100 {
			s.add(resultOf(i + 1))
			time.Sleep(10 * time.Second)
		}
		if err := s.finish(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if st := s.state(); len(s.disk.stored) != 99 || st.lost != 1 || s.told.Load() != 100 {
			t.Errorf("stored %v, %d told, %+v", s.disk.stored, s.told.Load(), st)
		}
	})
}
