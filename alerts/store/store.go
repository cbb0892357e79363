// Package store keeps judged sessions, their findings and the cases that these
// add up to in a SQLite database. It is the only package that writes SQL; rows
// go in as alerts.Result and come out as structs. The format is described in
// README.md beside it.
package store

import (
	"sync"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// Bounds of the writer.
const (
	maxBatchRows  = 1000                   // sessions and findings of a transaction
	maxBatchBytes = 2 << 20                // bytes of records of a transaction
	maxBatchAge   = 500 * time.Millisecond // wait of the first result of a transaction
	maxLight      = 32 << 10               // bytes of a result that may wait to be written, see Add
)

// Options of Open. The functions are called by the writer's goroutine, in the
// order in which results were added; the batch is valid until they return.
type Options struct {
	// MakeFolder creates the folder of the database, 0700, where it is missing.
	MakeFolder bool
	// Committed is told of results after the transaction that holds them,
	// also of those that the database had before.
	Committed func(batch []alerts.Result)
	// Failed is told of results that could not be stored, and why.
	Failed func(batch []alerts.Result, err error)
}

// Store writes to a database. Add may be called by one goroutine at a time.
//
// There are two batches: one is filled while the other is written. So who adds
// wakes the writer once for many results, and waits for it when both are full.
type Store struct {
	path    string // as it was named
	options Options
	encoder record.Encoder // of who adds
	filling chan *batch    // holds the one that is filled, unless somebody has it in hand
	full    chan *batch    // to the writer; closed behind the last
	spare   chan *batch    // those that are empty and not being filled
	age     *time.Timer    // of the one that is filled, from its first result
	done    chan struct{}  // closed when the writer has ended
	close   sync.Once

	// The rest belongs to the writer's goroutine.
	db       *database
	log      *checkpointer
	folding  *time.Timer
	foldWait time.Duration // from a finding until cases count it
	waiting  bool          // for folding
	thinning *time.Timer
	thinner  thinner // the pass that is going on, or comes next
	err      error   // the first
}

// Open opens the database at path for writing, and creates it where it is
// missing. Only its owner may have access to it.
func Open(path string, options Options) (*Store, error) {
	real, err := prepareFile(path, options.MakeFolder)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(real, busyTimeout)
	if err != nil {
		return nil, explain(path, err)
	}
	log, err := newCheckpointer(real)
	if err != nil {
		db.hangUp() // the first error is the one to tell
		return nil, explain(path, err)
	}
	s := &Store{
		path:    path,
		options: options,
		filling: make(chan *batch, 1),
		full:    make(chan *batch),
		spare:   make(chan *batch, 2),
		age:     time.NewTimer(maxBatchAge),
		done:    make(chan struct{}),
		db:      db,
		log:     log,

		folding:  time.NewTimer(minFoldWait),
		foldWait: minFoldWait,
		waiting:  true, // the writer before may have been killed
		thinning: time.NewTimer(thinEvery),
		thinner:  thinner{db: db},
	}
	s.filling <- new(batch)
	s.spare <- new(batch)
	go s.run()
	return s, nil
}

// Add takes r to be written and blocks while there is no room. A large result is
// waited for until it is stored, so that what waits stays small. Facts and
// findings must not change any more. Add must not be called after Close.
func (s *Store) Add(r alerts.Result) {
	record, err := s.encoder.Encode(&r.Session, r.Findings)
	b := <-s.filling
	if err != nil {
		// Order matters to who is told: first those that came before.
		s.hand(b)
		s.full <- &batch{results: []alerts.Result{r}, err: err}
		return
	}
	if len(b.results) == 0 {
		s.age.Reset(maxBatchAge)
	}
	b.add(r, record)
	switch {
	case weight(&r) > maxLight:
		stored := make(chan struct{})
		b.stored = stored
		s.hand(b)
		<-stored
	case b.full():
		s.hand(b)
	default:
		s.filling <- b
	}
}

// hand gives a batch to the writer, and lets the other one be filled.
func (s *Store) hand(b *batch) {
	s.full <- b
	s.filling <- <-s.spare
}

// Close writes what was added, folds the write-ahead log into the database and
// returns the first error since Open.
func (s *Store) Close() error {
	s.close.Do(func() {
		s.full <- <-s.filling
		close(s.full)
	})
	<-s.done
	return s.err
}

// Passed returns how many results were not stored, as their sessions began
// before the time up to which the database was pruned. It is called after
// Close.
func (s *Store) Passed() int64 { return s.db.passed }

func (s *Store) run() {
	defer close(s.done)
	for {
		select {
		case b, open := <-s.full:
			if !open {
				s.finish()
				return
			}
			s.flush(b)
		case <-s.age.C:
			s.flushOld()
		case <-s.folding.C:
			s.fold()
		case <-s.thinning.C:
			s.thin()
		}
		s.copyLog()
	}
}

// flushOld writes the batch that is filled, or that was just handed over.
func (s *Store) flushOld() {
	select {
	case b := <-s.filling:
		s.filling <- <-s.spare
		s.flush(b)
	case b, open := <-s.full:
		if open {
			s.flush(b)
		}
	}
}

// flush writes a batch in one transaction and tells how it went. A batch that
// fails is not tried again: it is handed over, and the next one may fare
// better.
func (s *Store) flush(b *batch) {
	switch {
	case b.err != nil:
		s.fail(b.results, b.err)
		return
	case len(b.results) > 0:
		s.write(b)
	}
	if b.stored != nil {
		close(b.stored)
	}
	b.reset()
	s.spare <- b
	switch {
	case s.db.unfolded >= maxUnfolded:
		s.fold()
	case s.db.unfolded > 0 && !s.waiting:
		s.folding.Reset(s.foldWait)
		s.waiting = true
	}
}

func (s *Store) write(b *batch) {
	if err := s.db.write(b); err != nil {
		s.fail(b.results, explain(s.path, err))
	} else if s.options.Committed != nil {
		s.options.Committed(b.results)
	}
}

// copyLog has the write-ahead log copied when much was added to it.
func (s *Store) copyLog() {
	if s.db.logged >= copyBytes {
		s.log.start()
		s.db.logged = 0
	}
}

// finish counts what is left to count, and closes the database. Most of the log
// is copied meanwhile.
func (s *Store) finish() {
	s.log.start()
	s.keep(explain(s.path, s.db.foldAll()))
	s.keep(explain(s.path, s.db.tallyAll()))
	s.keep(explain(s.path, s.log.close()))
	s.keep(explain(s.path, s.db.close()))
}

// fold counts in cases and subjects what was written since the last time. What
// fails, or is too much, waits for the next time, of which Close is the last.
func (s *Store) fold() {
	begun := time.Now()
	more := false
	err := s.db.foldAll()
	if err == nil {
		s.db.unfolded = 0
		more, err = s.db.tallySome()
	}
	s.foldWait = max(min(2*s.foldWait, maxFoldWait), (foldPart-1)*time.Since(begun))
	s.folding.Stop()
	if s.waiting = more || err != nil; s.waiting {
		s.folding.Reset(s.foldWait)
	}
}

// thin does a part of a pass, and tells whether more is to come. One that fails
// is left: another begins later.
func (s *Store) thin() (more bool) {
	begun := time.Now()
	done, err := s.thinner.step()
	if !done && err == nil {
		s.thinning.Reset((thinPart - 1) * time.Since(begun))
		return true
	}
	s.thinner = thinner{db: s.db}
	s.thinning.Reset(thinEvery)
	return false
}

func (s *Store) fail(batch []alerts.Result, err error) {
	s.keep(err)
	if s.options.Failed != nil {
		s.options.Failed(batch, err)
	}
}

func (s *Store) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// weight estimates the bytes that r takes in memory.
func weight(r *alerts.Result) int {
	n := 0
	for _, a := range r.Session.Facts.Auth {
		n += 256 + quoteWeight*len(a.Quotes)
	}
	for _, m := range r.Session.Facts.Messages {
		n += 256 + quoteWeight*len(m.Quotes) + 48*len(m.To)
	}
	n += quoteWeight * len(r.Session.Facts.Transcript)
	for i := range r.Findings {
		n += 512 + 256*len(r.Findings[i].Evidence)
	}
	return n
}

// quoteWeight is the weight of a quoted line.
const quoteWeight = 128
