package model_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

var _ model.Source = (*store.Reader)(nil)

var errBroken = errors.New("the disk is gone")

// many is a source of any number of cases that are made when asked for. The
// n-th one has severity critical in the first fifth, then high and so on.
type many struct {
	cases int
	asked []store.Filter // of Cases
	err   error
}

func (m *many) at(n int) alerts.Case {
	c := alerts.Case{
		Rule: "base64-password", Severity: alerts.Critical - alerts.Severity(n*5/m.cases), Last: int64(m.cases - n), Findings: 1,
		Server: "10.0.0.9:25", Client: fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255),
	}
	binary.BigEndian.PutUint64(c.ID[:], uint64(n))
	return c
}

func (m *many) Counts() (c store.Counts, err error) {
	c.Cases[alerts.New] = int64(m.cases)
	return c, m.err
}

func (m *many) Overview(int) (store.Overview, error) { return store.Overview{}, m.err }

func (m *many) Cases(f store.Filter) ([]alerts.Case, error) {
	m.asked = append(m.asked, f)
	switch {
	case m.err != nil:
		return nil, m.err
	case f.Case != nil:
		n := int(binary.BigEndian.Uint64(f.Case[:]))
		if n >= m.cases {
			return nil, nil
		}
		return []alerts.Case{m.at(n)}, nil
	case f.Rule != "" && f.Rule != "base64-password", f.Account != "", f.Client != "", f.Server != "" && !strings.Contains("10.0.0.9:25", f.Server):
		return nil, nil
	}
	var list []alerts.Case
	for n := f.Offset; n < min(m.cases, f.Offset+f.Limit); n++ {
		list = append(list, m.at(n))
	}
	return list, nil
}

func (m *many) Findings(f store.Filter) ([]alerts.Finding, error) {
	return []alerts.Finding{{Case: *f.Case, Time: f.Since, Why: fmt.Sprint("seen at ", f.Since)}}, m.err
}

func (m *many) Changes(alerts.CaseID) ([]alerts.Change, error) { return nil, m.err }

func (m *many) Aftermath(*alerts.Case) (alerts.Aftermath, error) { return alerts.Aftermath{}, m.err }

func (m *many) Begun(int) iter.Seq2[alerts.Result, error] { return each[alerts.Result](nil, m.err) }

func (m *many) AllFindings(store.Filter) iter.Seq2[alerts.Finding, error] {
	return each[alerts.Finding](nil, m.err)
}

func (m *many) AllSessions(store.Filter) iter.Seq2[alerts.Session, error] {
	return each[alerts.Session](nil, m.err)
}

// each goes through a list, and ends with the error if there is one.
func each[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range list {
			if !yield(one, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

func (m *many) Session(string) (alerts.Session, []alerts.Finding, error) {
	return alerts.Session{}, nil, store.ErrNotFound
}

// few is a source of given cases, findings and sessions.
type few struct {
	cases    []alerts.Case
	findings []alerts.Finding
	sessions []alerts.Session
	changes  []alerts.Change
	after    alerts.Aftermath
	overview store.Overview
	broken   string // the method that fails
}

func (s *few) fail(method string) error {
	if s.broken == method {
		return errBroken
	}
	return nil
}

func (s *few) Counts() (c store.Counts, err error) {
	for _, k := range s.cases {
		c.Cases[k.Status]++
	}
	return c, s.fail("Counts")
}

func (s *few) Overview(top int) (store.Overview, error) {
	o := s.overview
	o.Servers.Top = o.Servers.Top[:min(top, len(o.Servers.Top))]
	return o, s.fail("Overview")
}

// fits tells whether a text fits one of a store.Filter.
func fits(text, want string) bool {
	whole, exact := strings.CutPrefix(want, "=")
	return want == "" || exact && text == whole || !exact && strings.Contains(strings.ToLower(text), strings.ToLower(want))
}

func (s *few) Cases(f store.Filter) ([]alerts.Case, error) {
	var list []alerts.Case
	for _, c := range s.cases {
		if (f.Case == nil || *f.Case == c.ID) && (f.Statuses == nil || slices.Contains(f.Statuses, c.Status)) &&
			(f.Rule == "" || f.Rule == c.Rule) &&
			fits(c.Server, f.Server) && fits(c.Client, f.Client) && fits(c.Account, f.Account) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b alerts.Case) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Last, a.Last), slices.Compare(a.ID[:], b.ID[:]))
	})
	list = list[min(f.Offset, len(list)):]
	if f.Limit > 0 {
		list = list[:min(f.Limit, len(list))]
	}
	return list, s.fail("Cases")
}

func (s *few) Changes(alerts.CaseID) ([]alerts.Change, error) { return s.changes, s.fail("Changes") }

func (s *few) Aftermath(*alerts.Case) (alerts.Aftermath, error) {
	return s.after, s.fail("Aftermath")
}

// Begun gives each session with its findings.
func (s *few) Begun(newest int) iter.Seq2[alerts.Result, error] {
	of := make(map[alerts.SessionID][]alerts.Finding)
	for _, f := range s.findings {
		id := f.Session
		f.Case, f.Title, f.Blame = alerts.CaseID{}, "", 0 // as a Reader leaves them out
		of[id] = append(of[id], f)
	}
	var list []alerts.Result
	for _, one := range s.sessions {
		list = append(list, alerts.Result{Session: one, Findings: of[one.ID]})
	}
	slices.SortStableFunc(list, func(a, b alerts.Result) int { return cmp.Compare(a.Session.Facts.Start, b.Session.Facts.Start) })
	return each(list[max(0, len(list)-newest):], s.fail("Begun"))
}

func (s *few) AllSessions(f store.Filter) iter.Seq2[alerts.Session, error] {
	late := func(one alerts.Session) bool { return f.Until != 0 && one.Facts.Start >= f.Until }
	return each(slices.DeleteFunc(slices.Clone(s.sessions), late), s.fail("AllSessions"))
}

func (s *few) AllFindings(f store.Filter) iter.Seq2[alerts.Finding, error] {
	var list []alerts.Finding
	for _, found := range s.findings {
		if (f.Case == nil || *f.Case == found.Case) && fits(found.Account, f.Account) && fits(found.Client.Addr().String(), f.Client) {
			list = append(list, found)
		}
	}
	return each(list, s.fail("AllFindings"))
}

func (s *few) Findings(f store.Filter) ([]alerts.Finding, error) {
	var list []alerts.Finding
	for _, found := range s.findings {
		if found.Case == *f.Case && found.Time >= f.Since && (f.Until == 0 || found.Time < f.Until) {
			list = append(list, found)
		}
	}
	slices.SortFunc(list, func(a, b alerts.Finding) int { return cmp.Compare(b.Time, a.Time) })
	return list[:min(f.Limit, len(list))], s.fail("Findings")
}

func (s *few) Session(id string) (alerts.Session, []alerts.Finding, error) {
	for _, found := range s.sessions {
		if found.ID.String() == id {
			return found, nil, s.fail("Session")
		}
	}
	return alerts.Session{}, nil, fmt.Errorf("%s: %w", id, store.ErrNotFound)
}
