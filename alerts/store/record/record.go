// Package record is the compact form in which one judged session is stored: a
// string of bytes that holds its Facts and its findings, and from which both
// come back as they were.
//
// What a finding shares with its case (case id, title, blame) is not in it, nor
// are ids that can be derived again. Neither is a secret: a session that still
// holds one is refused. An empty list comes back as nil, and a Dialogue never.
package record

import (
	"errors"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a record.
const (
	MaxSize  = 1 << 20 // bytes; what goes over is dropped and counted, see Encode
	maxWords = 4096    // different texts that can be referred to by number

	maxQuoted = 256 // quotes that can be referred to by number
)

// version is the first byte of every record.
const version = 1

// ErrNotRedacted says that a session still holds a secret.
var ErrNotRedacted = errors.New("not redacted: it still holds a secret")

// A DecodeError says at which byte a record stops to make sense.
type DecodeError struct{ At int }

func (e *DecodeError) Error() string { return fmt.Sprintf("damaged record at byte %d", e.At) }

// The flag bytes. A flag tells a boolean, or that an optional part follows.
const (
	hasHello = 1 << iota
	hasMailCommand
	hasPreauth
	hasInjected
	hasTLS
	hasSigns
	hasTranscript
)

const (
	offerComplete = 1 << iota
	offerSTARTTLS
	offerLoginDisabled
	offerMasked
	hasOfferQuote
	offerLate // attempts began before it
)

const (
	startTLSRequested = 1 << iota
	startTLSClear
	startTLSMail
	startTLSLate // attempts began before the answer
)

const (
	fromServer = 1 << iota // of a quote, of evidence
	hasHide
	otherSession // of evidence: not the record's own
	again        // of evidence, of a line of the transcript: a quote of the record
)

const (
	messageFrom = 1 << iota
	messageSubject
	messageComplete
)

const (
	findingAccount = 1 << iota
	findingMoved   // protocol, endpoints or session differ from the record's own
	findingDerived // its id is alerts.NewFindingID
)

const sessionDerived = 1 // of the record: its id is alerts.NewSessionID

// A stamp is coded as the difference to the one before it: within a session
// times and packet numbers lie close together.
type stamp struct {
	time   int64
	packet uint64
}

// evidenceOf makes evidence of a quote, as a rule does that shows the line.
func evidenceOf(s *alerts.Session, q *dissect.Quote) alerts.Evidence {
	return alerts.Evidence{
		Session: s.ID,
		File:    alerts.FileOf(s.Facts, q.Stamp),
		Packet:  q.Stamp.Packet,
		Time:    q.Stamp.Time,
		From:    q.Side,
		Text:    q.Text,
	}
}

// trim returns a copy of s with half of its messages or, where there are none,
// of its attempts, then without its transcript, or false when nothing is left
// to drop.
func trim(s *alerts.Session) (*alerts.Session, bool) {
	facts := *s.Facts
	drop := 0
	switch {
	case len(facts.Messages) > 0:
		drop = (len(facts.Messages) + 1) / 2
		facts.Messages = facts.Messages[:len(facts.Messages)-drop]
	case len(facts.Auth) > 0:
		drop = (len(facts.Auth) + 1) / 2
		facts.Auth = facts.Auth[:len(facts.Auth)-drop]
	case len(facts.Transcript) > 0:
		facts.Transcript = nil
	default:
		return nil, false
	}
	facts.Dropped += uint32(drop)
	return &alerts.Session{ID: s.ID, Verdict: s.Verdict, Facts: &facts}, true
}
