package export

import (
	"strconv"

	"github.com/mailtap/mailtap/alerts"
)

type caseObject struct {
	Type       string  `json:"type"`
	ID         string  `json:"id"`
	Rule       string  `json:"rule"`
	Severity   string  `json:"severity"`
	Blame      string  `json:"blame"`
	Status     string  `json:"status"`
	Protocol   *string `json:"protocol"`
	Server     string  `json:"server"`
	Client     *string `json:"client"`
	Account    *string `json:"account"`
	Title      string  `json:"title"`
	Findings   int64   `json:"findings"`
	Sessions   int64   `json:"sessions"`
	First      string  `json:"first"`
	Last       string  `json:"last"`
	ResolvedAt *string `json:"resolved_at"`
	Note       *string `json:"note"`
}

// Case writes a case.
func (j *JSONL) Case(c *alerts.Case) error {
	out := &caseObject{
		Type: "case", ID: c.ID.String(), Rule: c.Rule, Severity: c.Severity.String(), Blame: c.Blame.String(),
		Status: c.Status.String(), Protocol: known(c.Protocol.String()), Server: c.Server, Client: known(c.Client),
		Account: optional(c.Account, c.HasAccount), Title: c.Title, Findings: c.Findings, Sessions: c.Sessions,
		First: formatTime(c.First), Last: formatTime(c.Last), Note: known(c.Note),
	}
	if c.ResolvedAt != 0 {
		out.ResolvedAt = known(formatTime(c.ResolvedAt))
	}
	return j.write(out)
}

var caseColumns = []string{
	"severity", "rule", "status", "protocol", "server", "client", "account", "blame", "title", "findings", "sessions",
	"first", "last", "resolved_at", "note", "id",
}

// Case writes a case's row.
func (c *CSV) Case(k *alerts.Case) error {
	resolved := ""
	if k.ResolvedAt != 0 {
		resolved = formatTime(k.ResolvedAt)
	}
	return c.row(
		k.Severity.String(), k.Rule, k.Status.String(), k.Protocol.String(), k.Server, k.Client, k.Account, k.Blame.String(),
		k.Title, strconv.FormatInt(k.Findings, 10), strconv.FormatInt(k.Sessions, 10),
		formatTime(k.First), formatTime(k.Last), resolved, k.Note, k.ID.String(),
	)
}

// Case adds a row.
func (t *Table) Case(c *alerts.Case) error {
	return t.add(c.Severity.String(), c.Rule, c.Status.String(), c.Server, orDash(c.Client), orDash(c.Account),
		strconv.FormatInt(c.Findings, 10), seconds(c.First), seconds(c.Last), c.ID.String())
}
