package export

import (
	"bytes"
	"encoding/json"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

type findingObject struct {
	Type     string           `json:"type"`
	ID       string           `json:"id"`
	Rule     string           `json:"rule"`
	Severity string           `json:"severity"`
	Blame    string           `json:"blame"`
	Case     string           `json:"case"`
	Session  string           `json:"session"`
	Time     string           `json:"time"`
	Protocol *string          `json:"protocol"`
	Client   *string          `json:"client"`
	Server   *string          `json:"server"`
	Account  *string          `json:"account"`
	Title    string           `json:"title"`
	Detail   detailObject     `json:"detail"`
	Evidence []evidenceObject `json:"evidence"`
}

type evidenceObject struct {
	Session string  `json:"session"`
	File    *string `json:"file"`
	Packet  *uint64 `json:"packet"`
	Time    string  `json:"time"`
	From    string  `json:"from"`
	Text    string  `json:"text"`
}

func newFinding(f *alerts.Finding) *findingObject {
	out := &findingObject{
		Type: "finding", ID: f.ID.String(), Rule: f.Rule, Severity: f.Severity.String(), Blame: f.Blame.String(),
		Case: f.Case.String(), Session: f.Session.String(), Time: formatTime(f.Time),
		Protocol: known(f.Protocol.String()), Client: known(endpoint(f.Client)), Server: known(endpoint(f.Server)),
		Account: optional(f.Account, f.HasAccount), Title: f.Title, Detail: f.Detail,
		Evidence: make([]evidenceObject, len(f.Evidence)),
	}
	for i, e := range f.Evidence {
		out.Evidence[i] = evidenceObject{
			Session: e.Session.String(), File: known(e.File), Packet: number(e.Packet),
			Time: formatTime(e.Time), From: e.From.String(), Text: e.Text,
		}
	}
	return out
}

// Excepted returns why the policy makes an exception for a finding, "" where it
// makes none.
func Excepted(f *alerts.Finding) string {
	for _, d := range f.Detail {
		if d.Key == "exception" {
			return d.Value
		}
	}
	return ""
}

// detailObject is an object with its keys in the rule's order.
type detailObject []dissect.Pair

// MarshalJSON writes each key and its value.
func (d detailObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, p := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encoder.Encode(p.Key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encoder.Encode(p.Value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
