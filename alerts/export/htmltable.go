package export

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// maxRowRules is how many rules a row names.
const maxRowRules = 3

// nameTable is the worst names of a ranking.
type nameTable struct {
	Rows   []nameRow
	More   int  // names that are not shown
	Forgot bool // some counts are too low
}

type nameRow struct {
	Name, Severity string // severity: "" where it has no finding
	Protocols      []string
	Rules          []string
	MoreRules      int
	Critical, High uint64
	Other          uint64   // findings
	Sessions       []uint64 // exposed first
	First, Last    int64
}

func newNameTable(r *ranking) *nameTable {
	worst := r.worst()
	t := &nameTable{Forgot: r.forgot, More: max(0, len(worst)-maxReportNames)}
	for _, s := range worst[:len(worst)-t.More] {
		row := nameRow{
			Name: s.name, Rules: s.rules[:min(len(s.rules), maxRowRules)], First: s.first, Last: s.last,
		}
		row.MoreRules = len(s.rules) - len(row.Rules)
		for p := dissect.SMTP; p <= dissect.ManageSieve; p++ {
			if s.protocols&(1<<p) != 0 {
				row.Protocols = append(row.Protocols, p.String())
			}
		}
		if severity, ok := s.severity(); ok {
			row.Severity = severity.String()
		}
		row.Critical, row.High = s.findings[alerts.Critical], s.findings[alerts.High]
		row.Other = s.findings[alerts.Medium] + s.findings[alerts.Low] + s.findings[alerts.Info]
		for i := len(s.sessions) - 1; i >= 0; i-- {
			row.Sessions = append(row.Sessions, s.sessions[i])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
