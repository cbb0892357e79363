package model

import (
	"errors"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
)

// Bounds of a Detail.
const (
	MaxFindings    = 50
	MaxTranscripts = 3
)

// Detail is all that is shown of one case.
type Detail struct {
	Case        alerts.Case
	Rule        *rules.Rule      // nil: this program does not have the rule any more
	Findings    []alerts.Finding // the newest, at most MaxFindings
	Transcripts []Transcript     // of the newest sessions, at most MaxTranscripts
	Changes     []alerts.Change  // what was done to it, in order
	After       alerts.Aftermath // what came after its last finding
	Past        Past             // of the server
}

// Open reads a case as it stands at the time now. The error is store.ErrNotFound
// where it is gone.
func Open(source Source, id alerts.CaseID, now time.Time) (*Detail, error) {
	cases, err := source.Cases(store.Filter{Case: &id, Now: now.UnixNano()})
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, store.ErrNotFound
	}
	d := &Detail{Case: cases[0], Rule: rules.Find(cases[0].Rule)}
	if d.Findings, err = source.Findings(store.Filter{Case: &id, Limit: MaxFindings}); err != nil {
		return nil, err
	}
	if d.Changes, err = source.Changes(id); err != nil {
		return nil, err
	}
	if d.After, err = source.Aftermath(&d.Case); err != nil {
		return nil, err
	}
	if d.Past, err = readPast(source, d.Case.Server); err != nil {
		return nil, err
	}
	return d, d.addTranscripts(source)
}

// addTranscripts adds the sessions of the findings, each with all its findings
// of this case.
func (d *Detail) addTranscripts(source Source) error {
	seen := make(map[alerts.SessionID][]alerts.Finding)
	var order []alerts.SessionID
	for _, f := range d.Findings {
		if seen[f.Session] == nil {
			order = append(order, f.Session)
		}
		seen[f.Session] = append(seen[f.Session], f)
	}
	for _, id := range order[:min(len(order), MaxTranscripts)] {
		s, all, err := source.Session(id.String())
		if errors.Is(err, store.ErrNotFound) {
			continue // it went between the two questions
		}
		if err != nil {
			return err
		}
		t := newTranscript(s, seen[id])
		for _, f := range all {
			if f.Case != d.Case.ID {
				t.Others = append(t.Others, f)
			}
		}
		d.Transcripts = append(d.Transcripts, t)
	}
	return nil
}
