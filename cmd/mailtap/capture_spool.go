package main

import (
	"slices"
	"sync"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of what waits while the database cannot be written.
const (
	maxSpooled  = 10_000           // results; what comes beyond is given up
	spoolChunk  = 1024             // results that are handed over together
	firstPause  = time.Second      // before the first new attempt; it doubles with each that fails
	maxPause    = 30 * time.Second // between attempts
	maxAttempts = 8                // of a result, where the database takes others
	quietFor    = time.Minute      // between remarks that the database cannot be written
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
	s.mu.Lock()
	for len(s.waiting) >= maxSpooled && s.away == nil {
		s.changed.Wait()
	}
	full := len(s.waiting) >= maxSpooled
	if full {
		s.lost++
	} else {
		s.waiting = append(s.waiting, spooled{result: r})
	}
	s.mu.Unlock()
	if full {
		s.settled([]alerts.Result{r})
		return
	}
	s.poke()
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
		s.say("%v; results are kept in memory, at most %d, until it can be written", err, maxSpooled)
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
	one.result = r // another result of this session may stand there
	one.attempts++
	suspect := one.attempts >= maxAttempts
	if len(s.waiting) >= maxSpooled || suspect && s.stored > one.at {
		return false
	}
	place := s.returned
	if suspect { // let others show whether the database takes them
		place = len(s.waiting)
	} else {
		s.returned++
	}
	s.waiting = slices.Insert(s.waiting, place, one)
	return true
}

// run hands to the store what waits.
func (s *spool) run() {
	defer close(s.ended)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for pause := firstPause; ; {
		select {
		case <-s.more:
		case <-look.C:
			if s.missing() == nil {
				continue
			}
		case <-s.stop:
			return
		}
		switch {
		case !s.failing():
			s.hand(spoolChunk)
			pause = firstPause
		case !s.sleep(pause):
			return
		case s.opened() && s.attempt(1) && s.attempt(spoolChunk):
			s.recovered()
		default:
			pause = min(2*pause, maxPause)
		}
		if s.state().held > 0 || s.failing() {
			s.poke()
		}
	}
}

// failing tells whether the last that the store said was that it cannot write.
func (s *spool) failing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away != nil
}

// sleep pauses, and tells whether there is to be more.
func (s *spool) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.stop:
		return false
	}
}

// attempt tries the first n results that wait, and tells whether none failed.
func (s *spool) attempt(n int) bool {
	s.mu.Lock()
	s.empty()
	s.returned = 0
	before := s.failures
	s.mu.Unlock()
	s.hand(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty()
	return s.failures == before
}

// empty waits until the store has answered for all it has.
func (s *spool) empty() {
	for s.inside > 0 {
		s.changed.Wait()
	}
}

// recovered says that the database can be written again.
func (s *spool) recovered() {
	s.mu.Lock()
	tell, lost := s.told, s.lost
	s.away, s.told, s.returned = nil, false, 0
	s.mu.Unlock()
	if tell {
		s.say("the database can be written again; %d results were given up in the meantime", lost)
	}
}

// hand hands the first n results that wait to the store.
func (s *spool) hand(n int) {
	s.mu.Lock()
	n = min(n, len(s.waiting))
	chunk := slices.Clone(s.waiting[:n])
	s.waiting = slices.Delete(s.waiting, 0, n)
	s.returned = max(0, s.returned-n)
	s.inside += n
	if s.away != nil {
		s.trying = make(map[alerts.SessionID]spooled, n)
		for _, one := range chunk {
			s.trying[one.result.Session.ID] = one
		}
	}
	s.changed.Broadcast()
	s.mu.Unlock()
	for _, one := range chunk {
		s.store.Add(one.result)
	}
}

// finish tries what waits a last time, and closes the store; there is no add
// after it. What cannot be stored now is given up. It returns the store's first
// error, if that is news.
func (s *spool) finish() error {
	close(s.stop)
	<-s.ended
	s.missing()
	var err error
	if s.opened() {
		s.hand(maxSpooled)
		err = s.store.Close()
	}
	s.mu.Lock()
	left := make([]alerts.Result, 0, len(s.waiting))
	for _, one := range s.waiting {
		left = append(left, one.result)
	}
	s.waiting = nil
	s.lost += uint64(len(left))
	failures := s.failures
	s.mu.Unlock()
	if len(left) > 0 {
		s.settled(left)
	}
	if failures > 0 {
		return nil // Close tells of the first, which was said, and may be long over
	}
	return err
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
