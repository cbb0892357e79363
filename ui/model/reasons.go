package model

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// Bounds of Reasons.
const (
	maxReasons = 2000 // cases whose newest finding is kept
	maxAsked   = 200  // that are read at once
)

// Reasons keeps what was seen in the newest findings of cases that are shown.
// The zero value is ready. It belongs to one goroutine.
type Reasons struct {
	known  map[Reason]string
	wanted []Reason
}

// Reason names what is shown of a case: it is another one when the case gets a
// newer finding.
type Reason struct {
	id   alerts.CaseID
	last int64
}

// Of returns what was seen in the newest finding of a case, "" as long as it is
// not read.
func (r *Reasons) Of(c *alerts.Case) string {
	name := Reason{c.ID, c.Last}
	why, ok := r.known[name]
	if !ok && len(r.wanted) < maxAsked {
		r.wanted = append(r.wanted, name)
	}
	return why
}

// Lacks tells whether something was asked for that is not known.
func (r *Reasons) Lacks() bool { return len(r.wanted) > 0 }

// Wanted returns what was asked for and is not known, and forgets it.
func (r *Reasons) Wanted() []Reason {
	wanted := r.wanted
	r.wanted = nil
	return wanted
}

// ReadReasons reads them; any goroutine may. What cannot be read has none: the
// list itself tells the error.
func ReadReasons(source Source, wanted []Reason) map[Reason]string {
	found := make(map[Reason]string, len(wanted))
	for _, name := range wanted {
		// The time makes it one look-up, however many findings the case has.
		newest, err := source.Findings(store.Filter{Case: &name.id, Since: name.last, Until: end(name.last), Limit: 1})
		found[name] = ""
		if err == nil && len(newest) > 0 {
			found[name] = newest[0].Why
		}
	}
	return found
}

// Put keeps what was read.
func (r *Reasons) Put(found map[Reason]string) {
	if r.known == nil || len(r.known)+len(found) > maxReasons {
		r.known = make(map[Reason]string)
	}
	for name, why := range found {
		r.known[name] = why
	}
}
