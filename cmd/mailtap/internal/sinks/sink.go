package sinks

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailtap/mailtap/alerts/export"
)

// Bounds of a sink.
const (
	maxWaiting      = 8192                   // findings in a queue
	maxWaitingBytes = 8 << 20                // bytes in a queue
	firstPause      = 250 * time.Millisecond // before a second attempt; it doubles with each that fails
	maxPause        = 30 * time.Second       // between attempts
	lastWait        = 300 * time.Millisecond // for what is queued at the end, beside twice the pauses between datagrams
	breakOff        = 100 * time.Millisecond // for an attempt that is broken off to come back
	quietFor        = time.Minute            // between remarks that a sink fails
)

// target is where a sink's findings go: a file or a connection.
type target interface {
	// open opens it, or opens it again.
	open(context.Context) error
	// write writes one finding as a whole. After an error it is opened again.
	write([]byte) error
	close() error
}

// sink is one target: its queue, and the goroutine that empties it.
type sink struct {
	name, target string
	unsure       string        // added where it is said that findings are delivered
	pause        time.Duration // between messages
	to           target
	say          func(format string, args ...any)
	messages     chan []byte
	reopen       chan struct{}
	done         chan struct{}   // closed when the goroutine has ended
	ctx          context.Context // ends when nothing is waited for any more
	cancel       context.CancelFunc

	waiting       atomic.Int64 // messages that are not delivered yet
	bytes         atomic.Int64 // of them
	sent, dropped atomic.Uint64
	failing       atomic.Bool

	mu   sync.Mutex
	last error // of an attempt

	// The rest belongs to the goroutine.
	isOpen bool
	told   bool // that it fails
	toldAt time.Time
}

func newSink(name, where string, to target, say func(string, ...any)) *sink {
	s := &sink{
		name: name, target: export.Clean(where), to: to, say: say,
		messages: make(chan []byte, maxWaiting), reopen: make(chan struct{}, 1), done: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// add queues a message, or gives it up.
func (s *sink) add(message []byte) {
	n := int64(len(message))
	if s.waiting.Load() == maxWaiting || s.bytes.Load()+n > maxWaitingBytes {
		s.dropped.Add(1)
		return
	}
	s.waiting.Add(1)
	s.bytes.Add(n)
	s.messages <- message // there is room for all that wait
}

// run delivers messages until there are none and no more come. It connects at
// once: so it is told early that a receiver is away, and the last findings of a
// run need not wait for a connection.
func (s *sink) run() {
	defer close(s.done)
	defer func() { s.to.close() }()
	if !s.isOpen {
		s.again()
	}
	for {
		select {
		case message, more := <-s.messages:
			if !more {
				return
			}
			s.deliver(message)
			s.bytes.Add(-int64(len(message)))
			s.waiting.Add(-1)
		case <-s.reopen:
			s.again()
		}
	}
}

// deliver tries until a message is delivered or the sink is given up.
func (s *sink) deliver(message []byte) {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		if s.ctx.Err() != nil {
			s.dropped.Add(1)
			return
		}
		err := s.attempt(message)
		if err == nil {
			s.sent.Add(1)
			s.recovered()
			return
		}
		s.failed(err)
		select {
		case <-time.After(pause):
		case <-s.reopen:
			s.isOpen = false
		case <-s.ctx.Done():
		}
	}
}

func (s *sink) attempt(message []byte) error {
	if !s.isOpen {
		if err := s.to.open(s.ctx); err != nil {
			return err
		}
		s.isOpen = true
	}
	err := s.to.write(message)
	s.isOpen = err == nil
	return err
}

// again opens the target once more. If that fails, the next message will try.
func (s *sink) again() {
	err := s.to.open(s.ctx)
	if s.isOpen = err == nil; err != nil {
		s.failed(err)
	}
}

// errBrokenOff is why an attempt fails that the end breaks off.
var errBrokenOff = errors.New("it took nothing more in time")

// note keeps why an attempt failed, and reports whether the end has come.
func (s *sink) note(err error) (over bool) {
	over = s.ctx.Err() != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !over:
		s.last = err
	case s.last == nil:
		s.last = errBrokenOff
	}
	return over
}

func (s *sink) failed(err error) {
	over := s.note(err)
	s.failing.Store(true)
	if over || s.told || time.Since(s.toldAt) < quietFor {
		return
	}
	s.told, s.toldAt = true, time.Now()
	s.say("--%s %s: %s; findings wait, at most %d, until it works again", s.name, s.target, export.Clean(err.Error()), maxWaiting)
}

func (s *sink) recovered() {
	s.failing.Store(false)
	if !s.told {
		return
	}
	s.told = false
	s.say("--%s %s: findings are delivered again; %d were given up%s", s.name, s.target, s.dropped.Load(), s.unsure)
}

func (s *sink) stat() Stat {
	return Stat{
		Name: s.name, Sent: s.sent.Load(), Dropped: s.dropped.Load(), Waiting: int(s.waiting.Load()), Failing: s.failing.Load(),
	}
}

// reason tells why the last attempt failed.
func (s *sink) reason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return ", as too many came at a time"
	}
	return ": " + export.Clean(s.last.Error())
}

// end says that no more messages come, and that time runs from now.
func (s *sink) end() {
	close(s.messages)
	wait := lastWait
	if !s.failing.Load() {
		wait += 2 * s.pause * time.Duration(s.waiting.Load())
	}
	time.AfterFunc(wait, s.cancel)
}

// await waits for the goroutine. What it is stuck with, such as a file system
// that does not answer, is left to the end of the program; then its messages
// count as given up.
func (s *sink) await() {
	select {
	case <-s.done:
		s.cancel()
		return
	case <-s.ctx.Done():
	}
	select {
	case <-s.done:
	case <-time.After(breakOff):
		s.note(errBrokenOff)
		s.dropped.Add(uint64(s.waiting.Load()))
	}
}
