package model

import (
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// SubjectFilter is what a text asks for of servers, clients, accounts or rules,
// in the language of Filter with keys of its own. The nil SubjectFilter fits
// everything.
type SubjectFilter struct{ terms terms[Subject] }

var subjectLanguage = language[Subject]{
	keys: []key[Subject]{
		{"name", texts, accountValues, nil, textTerm(func(s *Subject) string { return s.Name }), nil},
		{"worst", orders, strings.Join(severities, " "), severities, severityTerm((*Subject).Worst), nil},
		{"findings", orders, numberValues, nil, numberTerm((*Subject).Total), nil},
		{"sessions", orders, numberValues, nil, numberTerm((*Subject).Seen), nil},
		{"exposed", orders, numberValues, nil, numberTerm(verdictCount(alerts.Exposed)), nil},
		{"weak", orders, numberValues, nil, numberTerm(verdictCount(alerts.Weak)), nil},
		{"clear", orders, numberValues, nil, numberTerm(verdictCount(alerts.Clear)), nil},
		{"protected", orders, numberValues, nil, numberTerm(verdictCount(alerts.Protected)), nil},
		{"unknown", orders, numberValues, nil, numberTerm(verdictCount(alerts.UnknownVerdict)), nil},
		{"last", orders, moments, nil, timeTerm(func(s *Subject) int64 { return s.Last }), nil},
	},
	anywhere: func(w *word) term[Subject] {
		t, _ := textsTerm(func(s *Subject, yield func(string) bool) { _ = yield(s.Name) && yield(s.About) })(w, time.Time{})
		return t
	},
}

func verdictCount(v alerts.Verdict) func(*Subject) int64 {
	return func(s *Subject) int64 { return s.Sessions[v] }
}

// ParseSubjectFilter is ParseFilter for servers, clients, accounts and rules.
func ParseSubjectFilter(text string, now time.Time) (*SubjectFilter, error) {
	list, err := subjectLanguage.parse(text, new(store.Filter), now)
	if err != nil || list == nil {
		return nil, err
	}
	return &SubjectFilter{list}, nil
}

// CompleteSubject is Complete for servers, clients, accounts and rules.
func CompleteSubject(text string, names func(key string) []string) []string {
	return subjectLanguage.complete(text, names)
}

// Choose returns those of the subjects that fit, not nil where none does.
func (f *SubjectFilter) Choose(list []Subject) []Subject {
	if f == nil {
		return list
	}
	fit := []Subject{}
	for i := range list {
		if f.terms.fit(&list[i]) {
			fit = append(fit, list[i])
		}
	}
	return fit
}
