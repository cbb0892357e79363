package export

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a ranking.
const (
	maxRanked    = 8192 // names that are counted at a time
	maxRankRules = 64   // rules known of one of them
)

// ranking counts what befell names, such as accounts, and tells the worst. When
// too many names are counted, the less bad half is forgotten: the counts of one
// that comes back are then too low.
type ranking struct {
	names  map[string]*standing
	forgot bool
}

// standing is what befell one name.
type standing struct {
	name        string
	protocols   uint8                       // a bit for each
	rules       []string                    // in order
	findings    [alerts.Critical + 1]uint64 // by Severity
	sessions    [alerts.Exposed + 1]uint64  // by Verdict
	first, last int64                       // of its findings
}

// of returns the standing of a name.
func (r *ranking) of(name string) *standing {
	if s := r.names[name]; s != nil {
		return s
	}
	if r.names == nil {
		r.names = make(map[string]*standing)
	}
	if len(r.names) == maxRanked {
		for _, s := range r.worst()[maxRanked/2:] {
			delete(r.names, s.name)
		}
		r.forgot = true
	}
	s := &standing{name: strings.Clone(name)} // the name may lie in something larger
	r.names[s.name] = s
	return s
}

// worst lists all names, the worst first.
func (r *ranking) worst() []*standing {
	list := make([]*standing, 0, len(r.names))
	for _, s := range r.names {
		list = append(list, s)
	}
	slices.SortFunc(list, compareStandings)
	return list
}

func compareStandings(a, b *standing) int {
	for s := alerts.Critical; ; s-- {
		if c := cmp.Compare(b.findings[s], a.findings[s]); c != 0 {
			return c
		}
		if s == alerts.Info {
			break
		}
	}
	for v := alerts.Exposed; v > alerts.UnknownVerdict; v-- {
		if c := cmp.Compare(b.sessions[v], a.sessions[v]); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.name, b.name)
}

func (s *standing) finding(f *alerts.Finding) {
	if _, any := s.severity(); !any {
		s.first, s.last = f.Time, f.Time
	}
	s.first, s.last = min(s.first, f.Time), max(s.last, f.Time)
	s.findings[f.Severity]++
	s.protocols |= 1 << f.Protocol
	at, known := slices.BinarySearch(s.rules, f.Rule)
	if !known && len(s.rules) < maxRankRules {
		s.rules = slices.Insert(s.rules, at, strings.Clone(f.Rule))
	}
}

func (s *standing) session(one *alerts.Session) {
	s.sessions[one.Verdict]++
	s.protocols |= 1 << one.Facts.Protocol
}

// severity is the worst of its findings; ok is false where it has none.
func (s *standing) severity() (worst alerts.Severity, ok bool) {
	for i := len(s.findings) - 1; i >= 0; i-- {
		if s.findings[i] > 0 {
			return alerts.Severity(i), true
		}
	}
	return 0, false
}
