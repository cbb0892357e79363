package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/metrics"
)

// look reads the counters.
func (s *sensor) look() {
	s.looked = time.Now()
	st, open := s.runner.engine.Stats(), s.runner.engine.Flows()
	devices := s.devices.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Engine, s.now.OpenFlows, s.now.Moved = st, open, s.looked
	for i := range devices {
		s.now.Devices[i].Dropped = devices[i].Dropped
		s.now.Devices[i].InterfaceDropped = devices[i].InterfaceDropped
	}
}

// snapshot returns what the run has counted. It may be called at any time, by
// any goroutine.
func (s *sensor) snapshot() metrics.Snapshot {
	s.mu.Lock()
	now := s.now
	now.Devices = slices.Clone(now.Devices)
	s.mu.Unlock()
	r := s.runner
	now.Results = r.results.Counts()
	now.Judging = r.recorder.Waiting()
	if r.spool != nil {
		st := r.spool.state()
		now.Storing, now.Stored, now.Failures, now.Lost = st.held+st.inside, st.stored, st.failures, st.lost
		if st.away != nil {
			now.StoreErr = st.away.Error()
		}
		now.Database = r.database
	}
	if r.sinks != nil {
		now.Sinks = r.sinks.Stats()
	}
	if r.keeper != nil {
		kept, lost := r.keeper.Kept()
		now.Evidence = &metrics.Evidence{Kept: kept, Lost: lost}
	}
	return now
}

// progress returns what the status line shows.
func (s *sensor) progress() progress {
	s.mu.Lock()
	p := progress{
		at: s.now.Moved, packets: s.now.Engine.Packets, bytes: s.now.Engine.Bytes, open: s.now.OpenFlows,
	}
	for _, d := range s.now.Devices {
		p.dropped += d.Dropped + d.InterfaceDropped
	}
	s.mu.Unlock()
	p.findings, p.memory = s.runner.found(), memoryInUse()
	if spool := s.runner.spool; spool != nil {
		if st := spool.state(); st.away != nil {
			p.waiting = st.held
		}
	}
	return p
}

// drops puts what was dropped into the summary, by device.
func (s *sensor) drops() {
	for _, d := range s.devices.Stats() {
		lost := d.Dropped + d.InterfaceDropped + d.Unread
		s.runner.summary.Dropped += lost
		if lost == 0 {
			continue
		}
		note := fmt.Sprintf("%s: %d packets read, %d dropped by the kernel and %d by the device", d.Device, d.Packets, d.Dropped, d.InterfaceDropped)
		if d.Unread > 0 {
			note += fmt.Sprintf(", %d left unread at the end, as it did not keep up", d.Unread)
		}
		note += " (" + share(lost, d.Packets) + ")"
		if d.Dropped > 0 {
			note += "; a larger --buffer holds more"
		}
		s.runner.notes = append(s.runner.notes, note)
	}
}
