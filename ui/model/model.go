// Package model is what the terminal program shows: the list of cases with its
// filter and selection, and the page of one case. It knows no screen.
package model

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Source is where cases come from. A store.Reader is one. It may be used by
// several goroutines.
type Source interface {
	Counts() (store.Counts, error)
	Cases(store.Filter) ([]alerts.Case, error)
	Findings(store.Filter) ([]alerts.Finding, error)
	Session(prefix string) (alerts.Session, []alerts.Finding, error)
}
