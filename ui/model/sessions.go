package model

import (
	"net/netip"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of a list of sessions.
const (
	MaxSessions = 2000   // that it has, the newest
	maxLooked   = 50_000 // that are looked at for one
)

// Sessions is a list of sessions.
type Sessions struct {
	Rows []alerts.Session
	Cut  bool // there are more, or more may be
}

// SessionFilter is what a text asks for of sessions, in the language of Filter
// with keys of its own. The nil SessionFilter fits everything.
type SessionFilter struct {
	terms  terms[alerts.Session]
	narrow store.Filter
}

var (
	verdicts   = names(alerts.UnknownVerdict, alerts.Exposed)
	transports = names(dissect.Plain, dissect.TLS)
)

var sessionLanguage = language[alerts.Session]{
	keys: []key[alerts.Session]{
		{"verdict", texts, strings.Join(verdicts, " "), verdicts, choiceTerm(verdicts, func(s *alerts.Session) int { return int(s.Verdict) }), narrowVerdict},
		{"server", texts, serverValues, nil, addressTerm(func(s *alerts.Session) (netip.Addr, string) {
			return s.Facts.Server.Addr(), s.Facts.Server.String()
		}), narrowServer},
		{"client", texts, clientValues, nil, addressTerm(func(s *alerts.Session) (netip.Addr, string) {
			return s.Facts.Client.Addr(), s.Facts.Client.Addr().String()
		}), narrowClient},
		{"account", texts, accountValues, nil, textsTerm(accountsOf), narrowAccount},
		{"protocol", texts, strings.Join(protocols, " "), protocols, choiceTerm(protocols, func(s *alerts.Session) int { return int(s.Facts.Protocol - dissect.SMTP) }), nil},
		{"carried", texts, strings.Join(transports, " "), transports, choiceTerm(transports, func(s *alerts.Session) int { return int(s.Facts.Transport) }), nil},
		{"mechanism", texts, "a part of PLAIN, LOGIN, USER", nil, textsTerm(mechanismsOf), nil},
		{"banner", texts, "a part of the greeting", nil, textTerm(func(s *alerts.Session) string { return s.Facts.Banner }), nil},
		{"limit", texts, "midstream, one-sided, gap, evicted, truncated", nil, textsTerm(flagsOf), nil},
		{"start", orders, moments, nil, timeTerm(func(s *alerts.Session) int64 { return s.Facts.Start }), nil},
	},
	anywhere: func(w *word) term[alerts.Session] {
		t, _ := textsTerm(func(s *alerts.Session, yield func(string) bool) {
			if yield(s.Facts.Server.String()) && yield(s.Facts.Client.Addr().String()) && yield(s.Facts.Banner) && yield(s.Facts.Hello) {
				accountsOf(s, yield)
			}
		})(w, time.Time{})
		return t
	},
}

func accountsOf(s *alerts.Session, yield func(string) bool) {
	for _, a := range s.Facts.Auth {
		if a.HasAccount && !yield(a.Account) {
			return
		}
	}
}

func mechanismsOf(s *alerts.Session, yield func(string) bool) {
	for _, a := range s.Facts.Auth {
		if !yield(a.Mechanism) {
			return
		}
	}
}

func flagsOf(s *alerts.Session, yield func(string) bool) {
	for _, name := range s.Facts.Flags.Names() {
		if !yield(name) {
			return
		}
	}
}

func narrowVerdict(f *store.Filter, w *word) {
	list, err := w.choose(verdicts)
	if err != nil || f.Verdicts != nil {
		return
	}
	for _, i := range list {
		f.Verdicts = append(f.Verdicts, alerts.Verdict(i))
	}
}

// ParseSessionFilter is ParseFilter for sessions.
func ParseSessionFilter(text string, now time.Time) (*SessionFilter, error) {
	f := new(SessionFilter)
	var err error
	if f.terms, err = sessionLanguage.parse(text, &f.narrow, now); err != nil || f.terms == nil {
		return nil, err
	}
	return f, nil
}

// CompleteSession is Complete for sessions.
func CompleteSession(text string, names func(key string) []string) []string {
	return sessionLanguage.complete(text, names)
}

// Of says which sessions a list is about. The zero value is all.
type Of struct {
	Server, Client, Account string       // exactly; "" is any
	Case                    *alerts.Case // those of its findings
}

// NewSessions reads the newest sessions that a filter fits.
func NewSessions(source Source, of Of, filter *SessionFilter) (*Sessions, error) {
	s := new(Sessions)
	looked := 0
	more, err := of.walk(source, filter, MaxSessions, func(one *alerts.Session, fits bool) bool {
		if looked++; len(s.Rows) == MaxSessions || looked > maxLooked {
			s.Cut = true
			return false
		}
		if fits {
			s.Rows = append(s.Rows, *one)
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	s.Cut = s.Cut || more
	return s, nil
}

// walk visits sessions, the newest first, and says which of them a filter fits,
// until visit returns false. Of a case it looks at so many at most; more tells
// that the case has others.
func (of Of) walk(source Source, filter *SessionFilter, most int, visit func(one *alerts.Session, fits bool) bool) (more bool, err error) {
	var f store.Filter
	var terms terms[alerts.Session]
	if filter != nil {
		f, terms = filter.narrow, filter.terms
	}
	f.Server, f.Client, f.Account = exactly(of.Server, f.Server), exactly(of.Client, f.Client), exactly(of.Account, f.Account)
	var within map[alerts.SessionID]bool
	if of.Case != nil {
		if within, more, err = sessionsOf(source, of.Case, most); err != nil || len(within) == 0 {
			return more, err
		}
		f.Server, f.Until = "="+of.Case.Server, end(of.Case.Last)
	}
	for one, err := range source.AllSessions(f) {
		if err != nil {
			return more, err
		}
		wanted := within == nil || within[one.ID]
		if !visit(&one, wanted && terms.fit(&one)) {
			return more, nil
		}
		if delete(within, one.ID); within != nil && len(within) == 0 {
			return more, nil
		}
	}
	return more, nil
}

// exactly is a name for store.Filter, or what a filter asks for.
func exactly(name, filter string) string {
	if name == "" {
		return filter
	}
	return "=" + name
}

// sessionsOf returns so many sessions of the newest findings of a case.
func sessionsOf(source Source, c *alerts.Case, most int) (ids map[alerts.SessionID]bool, more bool, err error) {
	ids = make(map[alerts.SessionID]bool)
	for f, err := range source.AllFindings(store.Filter{Case: &c.ID}) {
		if err != nil {
			return nil, false, err
		}
		if len(ids) == most && !ids[f.Session] {
			return ids, true, nil
		}
		ids[f.Session] = true
	}
	return ids, false, nil
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
