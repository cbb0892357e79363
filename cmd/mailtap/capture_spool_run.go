package main

import (
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

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
	for _, one := range chunk {
		s.bytes -= one.bytes
	}
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
	s.waiting, s.bytes = nil, 0
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
