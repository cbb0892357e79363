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
	Reopened   *string `json:"reopened"`
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
	Expires    *string `json:"expires"`
	Note       *string `json:"note"`
}

// Case writes a case.
func (j *JSONL) Case(c *alerts.Case) error { return j.write(newCase(c)) }

func newCase(c *alerts.Case) *caseObject {
	return &caseObject{
		Type: "case", ID: c.ID.String(), Rule: c.Rule, Severity: c.Severity.String(), Blame: c.Blame.String(),
		Status: c.Status.String(), Reopened: known(c.Reopened.String()), Protocol: known(c.Protocol.String()), Server: c.Server, Client: known(c.Client),
		Account: optional(c.Account, c.HasAccount), Title: c.Title, Findings: c.Findings, Sessions: c.Sessions,
		First: formatTime(c.First), Last: formatTime(c.Last), Note: known(c.Note),
		ResolvedAt: known(timeOrNone(c.ResolvedAt)), Expires: known(timeOrNone(c.Expires)),
	}
}

// timeOrNone is empty for 0.
func timeOrNone(ns int64) string {
	if ns == 0 {
		return ""
	}
	return formatTime(ns)
}

var caseColumns = []string{
	"severity", "rule", "status", "reopened", "protocol", "server", "client", "account", "blame", "title", "findings", "sessions",
	"first", "last", "resolved_at", "expires", "note", "id",
}

// Case writes a case's row.
func (c *CSV) Case(k *alerts.Case) error {
	return c.row(
		k.Severity.String(), k.Rule, k.Status.String(), k.Reopened.String(), k.Protocol.String(), k.Server, k.Client, k.Account, k.Blame.String(),
		k.Title, strconv.FormatInt(k.Findings, 10), strconv.FormatInt(k.Sessions, 10),
		formatTime(k.First), formatTime(k.Last), timeOrNone(k.ResolvedAt), timeOrNone(k.Expires), k.Note, k.ID.String(),
	)
}

// Case adds a row.
func (t *Table) Case(c *alerts.Case) error {
	return t.add(c.Severity.String(), c.Rule, c.Status.String(), c.Server, orDash(c.Client), orDash(c.Account),
		strconv.FormatInt(c.Findings, 10), seconds(c.First), seconds(c.Last), c.ID.String())
}
