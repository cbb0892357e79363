package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/metrics"
)

const (
	// stampedLate is how long after it was sent a packet may be stamped: it
	// waits in queues until then.
	stampedLate = 20 * time.Millisecond

	// maxReadOn is how long to read on what the kernel holds at the end. What is
	// left then is counted as dropped. An idle link ends within a second.
	maxReadOn = 5 * time.Second

	// lateBy is how long after its time stamp a packet may be read: for so long
	// the clock of a silent link lags behind the host's.
	lateBy = 500 * time.Millisecond

	// settleAfter is how long a result that a later session may take over is
	// held beyond the time from which none can: for those that began in time
	// and have not ended.
	settleAfter = time.Minute

	// lookEvery is how often the counters are read.
	lookEvery = time.Second
)

// sensor is a live capture that runs. One goroutine reads; snapshot may be
// called by any.
type sensor struct {
	runner  *runner
	devices *capture.Devices
	names   []string
	count   uint64 // packets after which it ends; 0: none

	due    atomic.Bool // there is something beside packets to look at
	reload atomic.Bool // SIGHUP has come
	hungUp func() bool // tells whether SIGHUP came as the terminal is gone, and then ends the run

	n      uint64          // packets
	looked time.Time       // at the counters
	end    time.Time       // of ctx; zero: not yet
	told   bool            // that what the kernel holds is read on
	lost   *capture.Change // the last device that is gone

	mu  sync.Mutex
	now metrics.Snapshot // at the last look; of Devices what is gone
}

func newSensor(r *runner, devices *capture.Devices, names []string, count uint64) *sensor {
	s := &sensor{runner: r, devices: devices, names: names, count: count}
	for _, name := range names {
		s.now.Devices = append(s.now.Devices, metrics.Device{Name: name})
	}
	return s
}

// watch sets due each second, at a SIGHUP and when ctx has ended: to look at
// clocks and channels for each packet would cost more than most packets do.
func (s *sensor) watch(ctx context.Context, hup <-chan os.Signal, quit <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	over := ctx.Done()
	for {
		select {
		case <-tick.C:
		case <-hup:
			s.reload.Store(true)
		case <-over:
			over = nil
		case <-quit:
			return
		}
		s.due.Store(true)
	}
}

// read takes packets from the devices until count were read, ctx has ended and
// what came before that was read, or no device is left.
func (s *sensor) read(ctx context.Context, hup <-chan os.Signal) error {
	quit := make(chan struct{})
	defer close(quit)
	go s.watch(ctx, hup, quit)
	s.look()
	defer s.look()
	var ps [engine.MaxBatch]capture.Packet
	for s.count == 0 || s.n < s.count {
		if s.due.Load() {
			s.due.Store(false)
			s.attend(ctx)
		}
		asked := time.Now()
		n, err := s.devices.Batch(ps[:s.room(len(ps))])
		s.n += uint64(n)
		s.runner.engine.Packets(ps[:n])
		if err == io.EOF {
			break
		}
		if n == 0 && err == capture.ErrTimeout {
			// Not the time that it is now: this goroutine may have had to wait,
			// and packets that came meanwhile are not read yet.
			s.runner.engine.Advance(asked.Add(-lateBy).UnixNano())
		}
		if err := s.note(err); err != nil {
			return err
		}
	}
	if s.lost != nil && s.end.IsZero() {
		return fmt.Errorf("%w; start it again when the device is back, 'mailtap interfaces' lists what is there", s.lost)
	}
	return nil
}

// attend looks at what is not packets.
func (s *sensor) attend(ctx context.Context) {
	switch {
	case ctx.Err() == nil:
	case s.end.IsZero():
		s.end = time.Now()
		s.devices.Finish(s.end.Add(stampedLate))
	case time.Since(s.end) > maxReadOn:
		s.devices.Leave()
	case !s.told && time.Since(s.end) > lookEvery/2:
		s.told = true
		s.runner.remark("reading what the kernel still holds, for at most %v", maxReadOn)
	}
	if s.reload.Swap(false) && !s.hungUp() {
		s.runner.reload()
	}
	if time.Since(s.looked) >= lookEvery/2 {
		s.look()
		s.runner.recorder.Advance(time.Now().Add(-settleAfter).UnixNano())
	}
}

// room returns how many packets may be read at once, of n for which there is
// memory.
func (s *sensor) room(n int) int {
	if s.count == 0 {
		return n
	}
	return int(min(uint64(n), s.count-s.n))
}

// note takes what came after packets.
func (s *sensor) note(err error) error {
	var change *capture.Change
	switch {
	case err == nil, err == capture.ErrTimeout:
	case errors.As(err, &change):
		s.changed(change)
	default:
		return err
	}
	return nil
}

// changed tells that a device went away, or came back.
func (s *sensor) changed(c *capture.Change) {
	if c.State != capture.Gone {
		s.runner.remark("%v", c)
		return
	}
	s.lost, s.runner.failed = c, true
	left := 0
	s.mu.Lock()
	for i := range s.now.Devices {
		if d := &s.now.Devices[i]; d.Name == c.Device {
			d.Err = c.Reason()
		} else if d.Err == "" {
			left++
		}
	}
	s.mu.Unlock()
	if left > 0 {
		s.runner.env.say("%v; capturing on from the others", c)
	}
}
