package capture

import (
	"errors"
	"io"
	"time"
)

// mergeWindow is how long a packet waits for those of the other devices: the
// kernel hands each device's over in blocks, a tenth of a second late or two.
const mergeWindow = 250 * time.Millisecond

// Devices captures from several devices as if they were one: a tap delivers
// each direction of a connection on a device of its own. It is not safe for
// concurrent use.
type Devices struct {
	lanes   []*deviceLane
	alone   bool // one device needs no goroutine
	wake    chan struct{}
	stop    chan struct{}
	running bool // each lane has its goroutine
	left    bool // stop is closed
}

// DeviceStats counts what one device delivered and dropped.
type DeviceStats struct {
	Device  string
	Packets uint64 // delivered
	Unread  uint64 // from before the end, and left when Leave was called
	LiveStats
}

// OpenDevices opens each device as OpenLive does. Packet.File counts in names.
func OpenDevices(names []string, opts LiveOptions) (*Devices, error) {
	d := &Devices{wake: make(chan struct{}, 1), stop: make(chan struct{})}
	for i, name := range names {
		live, err := OpenLive(name, opts)
		if err != nil {
			d.Close()
			return nil, err
		}
		live.file = int32(i)
		d.lanes = append(d.lanes, newDeviceLane(live))
	}
	if len(d.lanes) == 1 {
		d.alone = true
		return d, nil
	}
	d.running = true
	for _, l := range d.lanes {
		go l.run(d.wake, d.stop)
	}
	return d, nil
}

// Links returns the link type of each device.
func (d *Devices) Links() []LinkType {
	list := make([]LinkType, len(d.lanes))
	for i, l := range d.lanes {
		list[i] = l.live.Link
	}
	return list
}

// Batch reads packets of all devices into ps, in the order of their times as
// far as they come within a quarter of a second: one, and those behind it that
// come with it, so that all are valid until the next call. It returns how many
// they are, and what comes after them: ErrTimeout when none came for a while, a
// *Change when a device did, and io.EOF at the end, or when all devices are gone.
func (d *Devices) Batch(ps []Packet) (n int, err error) {
	if d.alone && (d.left || d.lanes[0].over) {
		return 0, io.EOF
	}
	if d.alone {
		return d.lanes[0].readAlone(ps)
	}
	l, err := d.await()
	for l != nil && err == nil && n < len(ps) {
		if err = l.take(&ps[n]); err != nil {
			break
		}
		n++
		if l.emptied() {
			break // to look further would give its memory away
		}
		l = d.first()
	}
	return n, err
}

// await waits for a lane whose packet is next.
func (d *Devices) await() (*deviceLane, error) {
	var late time.Time // when the waiting ends; zero: it has not begun
	for {
		if l := d.first(); l != nil {
			return l, nil
		}
		switch {
		case d.over():
			return nil, io.EOF
		case late.IsZero():
			late = time.Now().Add(liveTimeout)
		case time.Now().After(late):
			return nil, ErrTimeout
		}
		select {
		case <-d.wake:
		case <-time.After(batchAge):
		}
	}
}

// first returns the lane whose packet is next, nil if that cannot be told yet.
func (d *Devices) first() *deviceLane {
	var best *deviceLane
	complete := true // all devices that may still deliver have something here
	for _, l := range d.lanes {
		switch {
		case !l.fill():
			complete = complete && l.done
		case l.change():
			return l
		case best == nil || l.time() < best.time():
			best = l
		}
	}
	if best == nil || complete || best.crowded() || time.Since(best.batch.since) > mergeWindow {
		return best
	}
	return nil
}

// over tells whether nothing comes any more.
func (d *Devices) over() bool {
	for _, l := range d.lanes {
		if !l.done {
			return false
		}
	}
	return true
}

// Finish sets the end: of the packets that are stamped later none is read. Batch
// returns the others, as many as the kernel still holds, and then io.EOF.
func (d *Devices) Finish(end time.Time) {
	for _, l := range d.lanes {
		l.end.Store(end.UnixNano())
	}
}

// Leave ends the reading where it would take too long after Finish: what the
// kernel still holds is counted as unread. Batch returns what was taken from it,
// and then io.EOF.
func (d *Devices) Leave() {
	d.halt()
	if d.alone {
		d.lanes[0].leave()
	}
}

// halt ends the goroutines of the lanes.
func (d *Devices) halt() {
	if !d.left {
		d.left = true
		close(d.stop)
	}
}

// Stats returns the counters of each device.
func (d *Devices) Stats() []DeviceStats {
	list := make([]DeviceStats, len(d.lanes))
	for i, l := range d.lanes {
		if d.alone {
			l.count()
		}
		list[i] = *l.stats.Load()
	}
	return list
}

// Close ends the capture; the data of the last packet is gone.
func (d *Devices) Close() error {
	d.halt()
	var errs []error
	for _, l := range d.lanes {
		if d.running {
			<-l.ended
		}
		errs = append(errs, l.live.Close())
	}
	return errors.Join(errs...)
}
