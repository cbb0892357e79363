package capture

import (
	"io"
	"sync/atomic"
	"time"
)

// countEvery is how often the counters of a device are read.
const countEvery = time.Second

// Bounds of the end of a capture.
const (
	// lastBlock is how long after the end the kernel may hand over packets that
	// came before it: it does so in blocks, up to twice the timeout of a
	// reading late.
	lastBlock = 300 * time.Millisecond

	// maxUnreadTime is how long what is left unread is counted: several times
	// as long as the largest ring takes.
	maxUnreadTime = 10 * time.Second
)

// deviceLane is one device of several: its goroutine fills batches, and Devices
// empties them.
type deviceLane struct {
	live  *Live
	full  chan *deviceBatch
	empty chan *deviceBatch
	ended chan struct{} // closed when the goroutine has ended
	stats atomic.Pointer[DeviceStats]
	end   atomic.Int64 // ns since 1970 UTC: what comes later is not read; 0: there is no end yet

	// The goroutine's, or else of who reads.
	counted time.Time // of stats
	over    bool      // all from before the end was read
	unread  uint64    // packets from before the end that were not

	// The rest belongs to who reads.
	copies []byte       // of a device that is alone: packets of the last Batch
	batch  *deviceBatch // that is being emptied; nil: none
	next   int          // packet of it
	done   bool         // nothing comes any more
}

func newDeviceLane(live *Live) *deviceLane {
	l := &deviceLane{
		live: live, full: make(chan *deviceBatch, maxBatches), empty: make(chan *deviceBatch, maxBatches),
		ended: make(chan struct{}), counted: time.Now(),
	}
	for range maxBatches {
		l.empty <- new(deviceBatch)
	}
	l.stats.Store(&DeviceStats{Device: live.name})
	return l
}

// run reads the device until stop is closed or the device is gone.
func (l *deviceLane) run(wake chan<- struct{}, stop <-chan struct{}) {
	defer close(l.ended)
	defer close(l.full)
	defer l.leave()
	b := <-l.empty
	for {
		var p Packet
		err := l.read(&p)
		for err == nil && !b.add(&p) {
			if b = l.hand(b, wake, stop); b == nil {
				l.unread++
				return
			}
		}
		change, changed := err.(*Change)
		if changed {
			b.change = change
		}
		if err != nil && err != ErrTimeout && !changed {
			l.hand(b, wake, stop)
			return
		}
		if err != nil || time.Since(b.since) > batchAge {
			if b = l.hand(b, wake, stop); b == nil {
				return
			}
		}
	}
}

// read reads the next packet, of those from before the end once there is one:
// then it returns io.EOF when the ring holds no more of them.
func (l *deviceLane) read(p *Packet) error {
	var begun time.Time
	if l.end.Load() > 0 {
		begun = time.Now()
	}
	err := l.live.Next(p)
	end := l.end.Load() // which may have been set meanwhile
	switch {
	case end == 0:
	case err == nil && p.Time > end:
		l.live.number--
		l.over, err = true, io.EOF
	case err != ErrTimeout, begun.IsZero():
	case time.Since(begun) < liveTimeout/2: // libpcap has passed over a block of the other direction
	case time.Now().UnixNano() > end+lastBlock.Nanoseconds():
		l.over, err = true, io.EOF
	}
	return err
}

// readAlone reads packets until ps is full, none comes for a while, or the first
// is old. They are copied: libpcap keeps one.
func (l *deviceLane) readAlone(ps []Packet) (n int, err error) {
	if l.copies == nil {
		l.copies = make([]byte, 0, batchBytes)
	}
	l.copies = l.copies[:0]
	for n < len(ps) && cap(l.copies)-len(l.copies) >= MaxPacket {
		p := &ps[n]
		if err := l.read(p); err != nil {
			return n, err
		}
		from := len(l.copies)
		l.copies = append(l.copies, p.Data...)
		p.Data = l.copies[from:len(l.copies):len(l.copies)]
		n++
		if age := p.Time - ps[0].Time; age > batchAge.Nanoseconds() || age < 0 { // or the clock was set back
			break
		}
	}
	return n, nil
}

// leave counts the packets from before the end that were not read, if there is
// an end.
func (l *deviceLane) leave() {
	read, begun := l.live.number, time.Now()
	var p Packet
	for l.end.Load() > 0 && !l.over && l.live.state != Gone && time.Since(begun) < maxUnreadTime {
		l.read(&p) // errors and changes matter no more
	}
	l.unread += l.live.number - read
	l.count()
}

// hand hands on a batch, unless there is nothing in it, and returns an empty
// one; nil if it is time to end.
func (l *deviceLane) hand(b *deviceBatch, wake chan<- struct{}, stop <-chan struct{}) *deviceBatch {
	if len(b.packets) > 0 || b.change != nil {
		l.full <- b // there is room for all that there are
		b = nil
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	if time.Since(l.counted) >= countEvery {
		l.count()
	}
	select {
	case <-stop:
		return nil
	default:
	}
	if b != nil {
		return b
	}
	select {
	case b = <-l.empty:
	case <-stop:
	}
	return b
}

// count reads the counters of the device.
func (l *deviceLane) count() {
	l.counted = time.Now()
	st, _ := l.live.Stats() // as they were, where they cannot be read
	l.stats.Store(&DeviceStats{Device: l.live.name, Packets: l.live.number - l.unread, Unread: l.unread, LiveStats: st})
}

// fill sees to it that there is something to take, and tells whether there is.
func (l *deviceLane) fill() bool {
	for {
		if b := l.batch; b != nil {
			if l.next < len(b.packets) || b.change != nil {
				return true
			}
			clear(b.packets)
			b.packets, b.bytes, l.batch = b.packets[:0], b.bytes[:0], nil
			l.empty <- b
		}
		select {
		case b, more := <-l.full:
			if !more {
				l.done = true
				return false
			}
			l.batch, l.next = b, 0
		default:
			return false
		}
	}
}

// change tells whether what comes next is no packet.
func (l *deviceLane) change() bool { return l.next == len(l.batch.packets) }

// time returns the time of the next packet.
func (l *deviceLane) time() int64 { return l.batch.packets[l.next].Time }

// crowded tells whether so much waits that the device would soon have no room.
func (l *deviceLane) crowded() bool { return len(l.full) >= crowd }

// emptied tells whether all of a batch was taken.
func (l *deviceLane) emptied() bool { return l.change() && l.batch.change == nil }

// take takes what comes next.
func (l *deviceLane) take(p *Packet) error {
	if l.change() {
		c := l.batch.change
		l.batch.change = nil
		return c
	}
	*p = l.batch.packets[l.next]
	l.next++
	return nil
}
