package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// subjectKind says what a subject is. The values stand in the database.
type subjectKind uint8

const (
	otherSubjects subjectKind = iota // of one kind, counted together
	aServerSubject
	aClientSubject
	anAccountSubject
	aRuleSubject
	anHourSubject

	subjectKinds
)

// subjectKey names a subject.
type subjectKey struct {
	kind subjectKind
	name string
}

func (k subjectKey) compare(o subjectKey) int {
	return cmp.Or(cmp.Compare(k.kind, o.kind), strings.Compare(k.name, o.name))
}

// others is the row that counts subjects of a kind that have none.
func (k subjectKind) others() subjectKey {
	return subjectKey{otherSubjects, strconv.Itoa(int(k))}
}

// subjectCounts is what sessions add to a subject, or take from it.
type subjectCounts struct {
	sessions [alerts.Exposed + 1]int64
	findings [alerts.Critical + 1]int64
	last     int64 // start of the last session
	turn     int64 // the session that was counted last
}

func (c *subjectCounts) empty() bool {
	return c.sessions == [len(c.sessions)]int64{} && c.findings == [len(c.findings)]int64{}
}

func (c *subjectCounts) add(more *subjectCounts) {
	for i, n := range more.sessions {
		c.sessions[i] += n
	}
	for i, n := range more.findings {
		c.findings[i] += n
	}
	c.last = max(c.last, more.last)
}

// subjects adds up what sessions are to servers, clients, accounts, rules and
// hours.
type subjects struct {
	of    map[subjectKey]*subjectCounts
	rules map[int64]string // by kinds.id
	turn  int64            // number of the present session
	taken bool             // something is taken from what is counted

	// Of the present listing.
	servers, clients, accounts []*subjectCounts // by text
	kinds                      []*subjectCounts // by case
	hour                       int64            // of hourCounts
	hourCounts                 *subjectCounts   // nil: none yet
}

func (s *subjects) reset() {
	if s.of == nil {
		s.of = make(map[subjectKey]*subjectCounts)
	}
	clear(s.of)
	s.hourCounts, s.taken = nil, false
}

// listing begins a listing.
func (s *subjects) listing(l *listing) {
	blank := func(list []*subjectCounts, n int) []*subjectCounts {
		list = slices.Grow(list[:0], n)[:n]
		clear(list)
		return list
	}
	s.servers, s.clients = blank(s.servers, len(l.texts)), blank(s.clients, len(l.texts))
	s.accounts, s.kinds = blank(s.accounts, len(l.texts)), blank(s.kinds, len(l.cases))
}

// session counts a session of the listing: with sign -1 it takes it away.
func (s *subjects) session(l *listing, e *entry, sign int64) {
	s.turn++
	s.taken = s.taken || sign < 0
	met := func(c *subjectCounts) *subjectCounts {
		if c.turn != s.turn {
			c.turn = s.turn
			c.sessions[e.verdict] += sign
			c.last = max(c.last, e.start)
		}
		return c
	}
	server := met(s.text(s.servers, aServerSubject, l, e.server))
	met(s.text(s.clients, aClientSubject, l, e.client))
	met(s.at(e.start))
	for i := range e.findings {
		f := &e.findings[i]
		server.findings[f.severity] += sign
		s.text(s.clients, aClientSubject, l, f.client).findings[f.severity] += sign
		s.at(f.time).findings[f.severity] += sign
		met(s.rule(l, f.kase)).findings[f.severity] += sign
		if f.account != noText {
			met(s.text(s.accounts, anAccountSubject, l, f.account)).findings[f.severity] += sign
		}
	}
}

func (s *subjects) counts(key subjectKey) *subjectCounts {
	c := s.of[key]
	if c == nil {
		c = new(subjectCounts)
		s.of[key] = c
	}
	return c
}

// text returns the counts of the subject that a text names.
func (s *subjects) text(known []*subjectCounts, kind subjectKind, l *listing, n int) *subjectCounts {
	if known[n] == nil {
		known[n] = s.counts(subjectKey{kind, string(l.text(n))})
	}
	return known[n]
}

// rule returns the counts of the rule of a case.
func (s *subjects) rule(l *listing, kase int) *subjectCounts {
	if s.kinds[kase] == nil {
		s.kinds[kase] = s.counts(subjectKey{aRuleSubject, s.rules[l.cases[kase].kind]})
	}
	return s.kinds[kase]
}

// at returns the counts of the hour of a time.
func (s *subjects) at(ns int64) *subjectCounts {
	hour := ns / int64(time.Hour)
	if ns < hour*int64(time.Hour) {
		hour-- // before 1970
	}
	if s.hourCounts == nil || s.hour != hour {
		s.hour, s.hourCounts = hour, s.counts(subjectKey{anHourSubject, strconv.FormatInt(hour, 10)})
	}
	return s.hourCounts
}

// subject is one of subjects.
type subject struct {
	subjectKey
	*subjectCounts
}

// order returns all in the order of their rows.
func (s *subjects) order() []subject {
	list := make([]subject, 0, len(s.of))
	for key, counts := range s.of {
		list = append(list, subject{key, counts})
	}
	slices.SortFunc(list, func(a, b subject) int { return a.compare(b.subjectKey) })
	return list
}
