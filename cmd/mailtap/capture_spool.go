package main

import (
	"slices"
	"sync"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of what waits while the database cannot be written.
const (
	maxSpooled      = 10_000           // results; what comes beyond is given up
	maxSpooledBytes = 128 << 20        // of memory, about, of results; beyond it one alone may wait
	spoolChunk      = 1024             // results that are handed over together
	firstPause      = time.Second      // before the first new attempt; it doubles with each that fails
	maxPause        = 30 * time.Second // between attempts
	maxAttempts     = 8                // of a result, where the database takes others
	quietFor        = time.Minute      // between remarks that the database cannot be written
)

// spool stands between who judges and the store of a capture that runs for
// months: nobody waits for a database that is locked, and what could not be
// stored waits here, with all that comes after it, and is tried again. It is
// safe for concurrent use.
type spool struct {
	say     func(format string, args ...any)
	settled func([]alerts.Result) // told of results that are stored, or given up
	gone    func() error          // tells what became of the database's file; nil: it is in its place
	reopen  func() (writer, error)
	store   writer        // nil: it is closed, as its file is gone, and could not be opened anew
	more    chan struct{} // holds a token when something waits
	stop    chan struct{}
	ended   chan struct{}

	mu       sync.Mutex
	changed  sync.Cond // there is room, or the store has answered for all that it has
	waiting  []spooled // in order
	bytes    int       // of memory, about, of waiting
	returned int       // of waiting: came back from the store since it had nothing
	inside   int       // results in the store
	trying   map[alerts.SessionID]spooled
	away     error // why results wait; nil: they do not
	moved    bool  // the store writes to a file that is gone
	told     bool  // that results wait
	toldAt   time.Time
	stored   uint64
	failures uint64
	lost     uint64 // given up
}

// writer is a store.Store, or a test's.
type writer interface {
	Add(alerts.Result)
	Close() error
}

// spooled is a result that waits.
type spooled struct {
	result   alerts.Result
	bytes    int // of memory, about
	attempts int
	at       uint64 // results that were stored before it failed first
}

func newSpool(say func(string, ...any), settled func([]alerts.Result)) *spool {
	s := &spool{
		say: say, settled: settled, gone: func() error { return nil },
		more: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	s.changed.L = &s.mu
	return s
}

// begin begins to store.
func (s *spool) begin(to writer) {
	s.store = to
	go s.run()
}

// add stores a result, now or later. It waits for a store that is too slow, and
// never for one that fails.
func (s *spool) add(r alerts.Result) {
	one := spooled{result: r, bytes: memoryOf(&r)}
	s.mu.Lock()
	for s.full(one.bytes) && s.away == nil {
		s.changed.Wait()
	}
	full := s.full(one.bytes)
	if full {
		s.lost++
	} else {
		s.waiting = append(s.waiting, one)
		s.bytes += one.bytes
	}
	s.mu.Unlock()
	if full {
		s.settled([]alerts.Result{r})
		return
	}
	s.poke()
}

// full tells whether a result of so many bytes finds no room.
func (s *spool) full(bytes int) bool {
	return len(s.waiting) >= maxSpooled || len(s.waiting) > 0 && s.bytes+bytes > maxSpooledBytes
}

// poke tells run that something waits.
func (s *spool) poke() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// committed is told by the store what it has stored. What it has stored in a
// file that is gone is not.
func (s *spool) committed(batch []alerts.Result) {
	if err := s.missing(); err != nil {
		s.failed(batch, err)
		return
	}
	s.mu.Lock()
	s.stored += uint64(len(batch))
	s.leave(len(batch))
	s.mu.Unlock()
	s.settled(batch)
}

// leave says that results are no longer in the store.
func (s *spool) leave(n int) {
	if s.inside -= n; s.inside == 0 {
		s.trying = nil
	}
	s.changed.Broadcast()
}

// failed is told by the store what it could not store.
func (s *spool) failed(batch []alerts.Result, err error) {
	s.mu.Lock()
	s.failures++
	s.away = err
	var given []alerts.Result
	for _, r := range batch {
		if !s.takeBack(r) {
			given = append(given, r)
		}
	}
	s.lost += uint64(len(given))
	s.leave(len(batch))
	tell := !s.told && time.Since(s.toldAt) >= quietFor
	if tell {
		s.told, s.toldAt = true, time.Now()
	}
	s.mu.Unlock()
	if tell {
		s.say("%v; results are kept in memory, at most %d and %d MiB, until it can be written", err, maxSpooled, maxSpooledBytes>>20)
	}
	if len(given) > 0 {
		s.settled(given)
	}
	s.poke()
}

// takeBack lets a result wait that came back, before those that never were in
// the store. It tells whether it does: not where there is no room, or where the
// result itself must be at fault.
func (s *spool) takeBack(r alerts.Result) bool {
	one, again := s.trying[r.Session.ID]
	if !again {
		one = spooled{at: s.stored}
	}
	one.result, one.bytes = r, memoryOf(&r) // another result of this session may stand there
	one.attempts++
	suspect := one.attempts >= maxAttempts
	if s.full(one.bytes) || suspect && s.stored > one.at {
		return false
	}
	place := s.returned
	if suspect { // let others show whether the database takes them
		place = len(s.waiting)
	} else {
		s.returned++
	}
	s.waiting = slices.Insert(s.waiting, place, one)
	s.bytes += one.bytes
	return true
}

// failing tells whether the last that the store said was that it cannot write.
func (s *spool) failing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away != nil
}

// spoolState is how a spool is.
type spoolState struct {
	held                   int // results in memory
	inside                 int // results in the store
	stored, failures, lost uint64
	away                   error // why results wait; nil: they do not
}

func (s *spool) state() spoolState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return spoolState{len(s.waiting), s.inside, s.stored, s.failures, s.lost, s.away}
}
