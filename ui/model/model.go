// Package model is what the terminal program shows: the list of cases with its
// filter, order and folding, the page of one case or session, and what all of
// the database adds up to. It knows no screen.
package model

import (
	"iter"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Source is where cases come from. A store.Reader is one. It may be used by
// several goroutines.
type Source interface {
	Counts() (store.Counts, error)
	Overview(top int) (store.Overview, error)
	Cases(store.Filter) ([]alerts.Case, error)
	Changes(alerts.CaseID) ([]alerts.Change, error)
	Aftermath(*alerts.Case) (alerts.Aftermath, error)
	Findings(store.Filter) ([]alerts.Finding, error)
	Session(prefix string) (alerts.Session, []alerts.Finding, error)
	AllFindings(store.Filter) iter.Seq2[alerts.Finding, error]
	AllSessions(store.Filter) iter.Seq2[alerts.Session, error]
	Begun(newest int) iter.Seq2[alerts.Result, error]
}
