// Package sinks sends findings on while a capture runs: to a file of EVE lines
// as Suricata writes them, and to a syslog receiver (RFC 5424 over UDP, TCP or
// TLS). Each has a bounded queue and a goroutine of its own, so that a full disk
// or a receiver that is away never holds up the capture: what finds no room is
// given up, counted and told.
package sinks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// Options of Open.
type Options struct {
	EVE    string          // file; "": none
	Syslog string          // URL, see ParseReceiver; "": none
	Least  alerts.Severity // findings below it are not sent
	Rules  export.Rules
	// Say tells the admin, in one line and at most once a minute and sink, that
	// findings cannot be delivered, and that they are again. It is called by
	// several goroutines.
	Say func(format string, args ...any)
}

// Sinks are the receivers of a run's findings. Send may be called by one
// goroutine at a time, the other methods by any.
type Sinks struct {
	least  alerts.Severity
	list   []*sink
	eve    *sink // nil: none
	syslog *sink // nil: none

	text     bytes.Buffer // what the writers wrote last
	asEVE    *export.EVE
	asSyslog *export.Syslog
}

// Stat is what became of the findings of one sink.
type Stat struct {
	Name    string // "eve" or "syslog"
	Sent    uint64 // written, or handed to the network
	Dropped uint64 // given up
	Waiting int    // not delivered yet
	Failing bool   // the last attempt to deliver failed
}

// Open opens the sinks. The file has to be writable now; the receiver may be
// away, it is tried again and again. All files are opened before Open returns,
// so the program may lose its rights after it.
func Open(o Options) (*Sinks, error) {
	s := &Sinks{least: o.Least}
	if o.Syslog != "" {
		to, err := ParseReceiver(o.Syslog)
		if err != nil {
			return nil, fmt.Errorf("--syslog %w", err)
		}
		host, _ := os.Hostname() // "" where it is not known
		s.asSyslog = export.NewSyslog(&s.text, to.Framing(), host, o.Rules)
		s.syslog = newSink("syslog", to.String(), &remote{to: to}, o.Say)
		if to.Framing() == export.Datagram {
			s.syslog.unsure = ", and more may be lost: udp does not tell"
			s.syslog.pause = datagramPause
		}
		s.list = append(s.list, s.syslog)
	}
	if o.EVE != "" {
		f := &file{path: o.EVE}
		if err := f.open(context.Background()); err != nil {
			return nil, fmt.Errorf("--eve %s: %w", o.EVE, err)
		}
		s.asEVE = export.NewEVE(&s.text, o.Rules)
		s.eve = newSink("eve", o.EVE, f, o.Say)
		s.eve.isOpen = true
		s.list = append(s.list, s.eve)
	}
	for _, one := range s.list {
		go one.run()
	}
	return s, nil
}

// Send queues the findings of a result that is stored. It does not wait. The
// result must be as it is stored: one that still has its secrets is not sent.
func (s *Sinks) Send(r alerts.Result) {
	whole := redacted(&r)
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity < s.least {
			continue
		}
		if !whole {
			s.giveUp()
			continue
		}
		if s.eve != nil {
			s.queue(s.eve, s.asEVE.Finding(f, &r.Session))
		}
		if s.syslog != nil {
			s.queue(s.syslog, s.asSyslog.Finding(f))
		}
	}
}

// queue hands on what a writer has left in s.text.
func (s *Sinks) queue(to *sink, err error) {
	if err != nil {
		to.dropped.Add(1)
	} else {
		to.add(bytes.Clone(s.text.Bytes()))
	}
	s.text.Reset()
}

func (s *Sinks) giveUp() {
	for _, one := range s.list {
		one.dropped.Add(1)
	}
}

// redacted tells whether the secrets of a session were taken out.
func redacted(r *alerts.Result) bool {
	for _, a := range r.Session.Facts.Auth {
		if a.Secret.Present() {
			return false
		}
	}
	return true
}

// Reopen opens the file of EVE lines again under its name, so that logrotate
// can move it away. It does not wait; what goes wrong is said.
func (s *Sinks) Reopen() {
	if s.eve != nil {
		select {
		case s.eve.reopen <- struct{}{}:
		default: // that was asked already
		}
	}
}

// Stats tells what became of the findings so far.
func (s *Sinks) Stats() []Stat {
	list := make([]Stat, len(s.list))
	for i, one := range s.list {
		list[i] = one.stat()
	}
	return list
}

// Close delivers what is queued, as far as that is done within lastWait and the
// pauses between datagrams, and returns what was given up since Open, a line for
// each sink; nil where nothing was. There must be no Send after it.
func (s *Sinks) Close() error {
	for _, one := range s.list {
		one.end()
	}
	var errs []error
	for _, one := range s.list {
		one.await()
		if got := one.stat(); got.Dropped > 0 {
			errs = append(errs, fmt.Errorf("--%s %s: %d of %d findings not delivered%s; the database has them: see 'mailtap export'",
				one.name, one.target, got.Dropped, got.Sent+got.Dropped, one.reason()))
		}
	}
	return errors.Join(errs...)
}
