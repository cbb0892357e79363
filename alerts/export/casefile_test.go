package export_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

// Whatever a peer or an admin has written, a case file is one line that acts on
// no terminal.
func TestCaseFile(t *testing.T) {
	k := cases()[1]
	k.Note = hostile
	file := &export.CaseFile{
		Case: &k, Aftermath: &alerts.Aftermath{Protected: 3, Unknown: 2, Other: 1, Last: start},
		Changes: []alerts.Change{
			{At: start, Status: alerts.New, Reopened: alerts.Regressed},
			{At: start, Who: hostile, Status: alerts.AcceptedRisk, Expires: start + 1, Note: hostile, Reason: hostile, UndoneBy: hostile, UndoneAt: start + 2},
		},
		Findings:   []alerts.Finding{{Rule: "cleartext-password", Account: hostile, HasAccount: true, Time: start}},
		Transcript: []dissect.Quote{{Side: dissect.Server, Stamp: dissect.Stamp{Time: start, Packet: 4}, Text: hostile}, {Text: "C"}},
	}
	var out strings.Builder
	j := export.NewJSONL(&out)
	if err := j.CaseFile(file); err != nil {
		t.Fatal(err)
	}
	golden(t, "casefile.json", out.String())
	line := strings.TrimSuffix(out.String(), "\n")
	if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !json.Valid([]byte(line)) {
		t.Errorf("at %d: %q", i, line)
	}
	out.Reset()
	if err := j.CaseFile(&export.CaseFile{Case: &k, Aftermath: &alerts.Aftermath{}}); err != nil {
		t.Fatal(err)
	}
	const want = `"since":{"protected":0,"unknown":0,"other":0,"last":null},"history":[],"findings":[],"transcript":[]}`
	if !strings.HasSuffix(strings.TrimSpace(out.String()), want) {
		t.Errorf("without anything: %s", out.String())
	}
}
