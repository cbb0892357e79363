package model

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// MaxSessions is how many sessions a list has, the newest.
const MaxSessions = 2000

// Sessions is a list of sessions.
type Sessions struct {
	Rows []alerts.Session
	Cut  bool // there are more
}

// NewSessions reads the newest sessions that a filter fits.
func NewSessions(source Source, f store.Filter) (*Sessions, error) {
	s := new(Sessions)
	for one, err := range source.AllSessions(f) {
		if err != nil {
			return nil, err
		}
		if len(s.Rows) == MaxSessions {
			s.Cut = true
			break
		}
		s.Rows = append(s.Rows, one)
	}
	return s, nil
}

// OpenSession reads the page of a session.
func OpenSession(source Source, id alerts.SessionID) (*Transcript, error) {
	s, findings, err := source.Session(id.String())
	if err != nil {
		return nil, err
	}
	t := newTranscript(s, findings)
	return &t, nil
}
