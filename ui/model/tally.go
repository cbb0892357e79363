package model

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
)

// MaxSubjects is how many servers, clients, accounts and rules a Tally has, of
// each the worst; the others are left out.
const MaxSubjects = 10_000

// Subject is one server, client, account or rule, and what adds up to it.
type Subject struct {
	Name     string
	About    string // what else is known: the banner of a server, the title of a rule
	Sessions [alerts.Exposed + 1]int64
	Findings [alerts.Critical + 1]int64
	Last     int64 // start of its last session, ns
}

// Worst returns the highest severity of its findings, false where it has none.
func (s *Subject) Worst() (alerts.Severity, bool) {
	for v := alerts.Critical; ; v-- {
		if s.Findings[v] > 0 {
			return v, true
		}
		if v == alerts.Info {
			return v, false
		}
	}
}

// Total returns how many findings it has.
func (s *Subject) Total() int64 { return total(s.Findings[:]) }

// Seen returns how many sessions it had; a rule and an account, how many with a
// finding of it.
func (s *Subject) Seen() int64 { return total(s.Sessions[:]) }

// Rule returns the rule that a subject of Tally.Rules is, nil where this program
// does not have it any more.
func (s *Subject) Rule() *rules.Rule { return rules.Find(s.Name) }

// Tally is what the sessions and findings of a database add up to.
type Tally struct {
	Counts   store.Counts // of the whole database, as it was then
	Partial  bool         // some sessions are not in what follows: it is to be read again
	Hours    []store.Hour
	Timeline Timeline // of the findings
	Servers  []Subject
	Clients  []Subject
	Accounts []Subject
	Rules    []Subject
	Survey   *Survey // may be of an earlier time; nil until there is one
}

// NewTally reads what the store has added up, which takes little time however
// much there is. What else is known of servers, clients and accounts is from
// the survey, which may be nil. Counts is what the source holds.
func NewTally(source Source, counts store.Counts, survey *Survey) (*Tally, error) {
	o, err := source.Overview(MaxSubjects)
	if err != nil {
		return nil, err
	}
	var banners, hellos, places map[string]string
	if survey != nil {
		banners, hellos, places = survey.banners, survey.hellos, survey.places
	}
	t := &Tally{
		Counts: counts, Partial: o.Partial, Hours: o.Hours, Survey: survey,
		Servers: subjects(o.Servers, banners), Clients: subjects(o.Clients, hellos),
		Accounts: subjects(o.Accounts, places), Rules: subjects(o.Rules, nil),
	}
	if t.Timeline = Hourly(o.Hours); survey != nil && !survey.Cut {
		t.Timeline = survey.Timeline
	}
	for i := range t.Rules {
		if r := t.Rules[i].Rule(); r != nil {
			t.Rules[i].About = r.Title
		}
	}
	return t, nil
}

func subjects(r store.Ranking, about map[string]string) []Subject {
	list := make([]Subject, len(r.Top))
	for i, s := range r.Top {
		list[i] = Subject{Name: s.Name, About: about[s.Name], Sessions: s.Sessions, Findings: s.Findings, Last: s.Last}
	}
	return list
}
