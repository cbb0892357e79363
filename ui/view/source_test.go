package view_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

var errLocked = errors.New("mailtap.db: locked")

// generated is a source of any number of cases that are made when asked for.
type generated struct {
	cases int
	name  func(n int) string // of the account
	pages sync.Map           // offsets that were read
	hold  chan struct{}      // until it is closed nothing is counted; nil: it is

	mu  sync.Mutex
	err error
}

// oneCase stands in pages for a case that was read by itself.
const oneCase = -1

func (g *generated) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
}

func (g *generated) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *generated) at(n int) alerts.Case {
	c := alerts.Case{
		Rule: "cleartext-password", Severity: alerts.Critical, Last: start.UnixNano() - int64(n), Findings: 1, Sessions: 1,
		Server: "10.0.0.9:25", Account: fmt.Sprintf("user%d", n), HasAccount: true,
	}
	if g.name != nil {
		c.Account = g.name(n)
	}
	binary.BigEndian.PutUint64(c.ID[:], uint64(n))
	return c
}

func (g *generated) Counts() (c store.Counts, err error) {
	if g.hold != nil {
		<-g.hold
	}
	c.Cases[alerts.New] = int64(g.cases)
	return c, g.failure()
}

func (g *generated) Overview(int) (store.Overview, error) { return store.Overview{}, g.failure() }

func (g *generated) Cases(f store.Filter) ([]alerts.Case, error) {
	if f.Case != nil {
		g.pages.Store(oneCase, true)
		return []alerts.Case{g.at(int(binary.BigEndian.Uint64(f.Case[:])))}, g.failure()
	}
	g.pages.Store(f.Offset, true)
	var list []alerts.Case
	for n := f.Offset; n < min(g.cases, f.Offset+f.Limit); n++ {
		list = append(list, g.at(n))
	}
	return list, g.failure()
}

func (g *generated) Changes(alerts.CaseID) ([]alerts.Change, error) { return nil, g.failure() }

func (g *generated) Aftermath(*alerts.Case) (alerts.Aftermath, error) {
	return alerts.Aftermath{}, g.failure()
}

func (g *generated) Begun(int) iter.Seq2[alerts.Result, error] {
	return func(func(alerts.Result, error) bool) {}
}

func (g *generated) AllSessions(store.Filter) iter.Seq2[alerts.Session, error] {
	return func(func(alerts.Session, error) bool) {}
}

func (g *generated) AllFindings(store.Filter) iter.Seq2[alerts.Finding, error] {
	return func(func(alerts.Finding, error) bool) {}
}

func (g *generated) Findings(f store.Filter) ([]alerts.Finding, error) {
	c := g.at(int(binary.BigEndian.Uint64(f.Case[:])))
	return []alerts.Finding{{Case: *f.Case, Title: c.Account, Why: c.Account, Account: c.Account, HasAccount: true}}, g.failure()
}

func (g *generated) Session(string) (alerts.Session, []alerts.Finding, error) {
	return alerts.Session{}, nil, store.ErrNotFound
}
