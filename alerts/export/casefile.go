package export

import (
	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// CaseFile is a case with all that is known of it.
type CaseFile struct {
	Case       *alerts.Case
	Aftermath  *alerts.Aftermath
	Changes    []alerts.Change
	Findings   []alerts.Finding // the newest
	Transcript []dissect.Quote  // of the session of the first of them
}

type (
	caseFileObject struct {
		Type       string           `json:"type"`
		Case       *caseObject      `json:"case"`
		Since      sinceObject      `json:"since"`
		History    []changeObject   `json:"history"`
		Findings   []*findingObject `json:"findings"`
		Transcript []spokenObject   `json:"transcript"`
	}
	sinceObject struct {
		Protected int64   `json:"protected"`
		Unknown   int64   `json:"unknown"`
		Other     int64   `json:"other"`
		Last      *string `json:"last"`
	}
	changeObject struct {
		Time       string  `json:"time"`
		Who        *string `json:"who"`
		Status     string  `json:"status"`
		Reopened   *string `json:"reopened"`
		ResolvedAt *string `json:"resolved_at"`
		Expires    *string `json:"expires"`
		Note       *string `json:"note"`
		Reason     *string `json:"reason"`
		UndoneBy   *string `json:"undone_by"`
		UndoneAt   *string `json:"undone_at"`
	}
	spokenObject struct {
		From   string  `json:"from"`
		Time   string  `json:"time"`
		Packet *uint64 `json:"packet"`
		Text   string  `json:"text"`
	}
)

// CaseFile writes a case with what came after it, its history, its findings and
// what was said.
func (j *JSONL) CaseFile(f *CaseFile) error {
	a := f.Aftermath
	out := &caseFileObject{
		Type: "case-file", Case: newCase(f.Case),
		Since:    sinceObject{a.Protected, a.Unknown, a.Other, known(timeOrNone(a.Last))},
		History:  make([]changeObject, len(f.Changes)),
		Findings: make([]*findingObject, len(f.Findings)), Transcript: make([]spokenObject, len(f.Transcript)),
	}
	for i := range f.Changes {
		out.History[i] = newChange(&f.Changes[i])
	}
	for i := range f.Findings {
		out.Findings[i] = newFinding(&f.Findings[i])
	}
	for i, q := range f.Transcript {
		out.Transcript[i] = spokenObject{q.Side.String(), formatTime(q.Stamp.Time), number(q.Stamp.Packet), q.Text}
	}
	return j.write(out)
}

func newChange(c *alerts.Change) changeObject {
	return changeObject{
		Time: formatTime(c.At), Who: known(c.Who), Status: c.Status.String(), Reopened: known(c.Reopened.String()),
		ResolvedAt: known(timeOrNone(c.ResolvedAt)), Expires: known(timeOrNone(c.Expires)),
		Note: known(c.Note), Reason: known(c.Reason), UndoneBy: known(c.UndoneBy), UndoneAt: known(timeOrNone(c.UndoneAt)),
	}
}
