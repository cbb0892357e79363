package export_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

func TestJSONL(t *testing.T) {
	var b bytes.Buffer
	j := export.NewJSONL(&b)
	for _, s := range []*alerts.Session{readable(), protected(), dark(), evil()} {
		if err := j.Session(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range findings() {
		if err := j.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	var total alerts.Summary
	if err := j.Summary(&total); err != nil {
		t.Fatal(err)
	}
	total = alerts.Summary{
		Packets: 1000, Bytes: 123456, First: start, Last: start + 1, Midstream: 1, OneSided: 2, Gapped: 3, GapBytes: 4,
		NotTCP: 12, TruncatedPackets: 5, UnknownLink: 6, EvictedFlows: 7, DuplicatePackets: 8, BadChecksums: 9, Dropped: 10,
		Sessions: [5]uint64{1, 2, 3, 4, 5}, Findings: [5]uint64{10, 20, 30, 40, 50}, Damaged: []string{"a.pcap: cut at byte 7"},
	}
	if err := j.Summary(&total); err != nil {
		t.Fatal(err)
	}
	golden(t, "lines.jsonl", b.String())
	for line := range strings.Lines(b.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	if !harmless(b.String()) {
		t.Error("a character that acts was written as it is")
	}
}

// harmless tells that s is printable lines.
func harmless(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
}

// What is escaped still says the same.
func TestJSONLKeepsWords(t *testing.T) {
	var b bytes.Buffer
	if err := export.NewJSONL(&b).Session(evil()); err != nil {
		t.Fatal(err)
	}
	var got struct{ Banner string }
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(hostile, "\ufffd"); got.Banner != want {
		t.Errorf("banner %q, want %q", got.Banner, want)
	}
}

func TestJSONLSecrets(t *testing.T) {
	tests := []struct {
		name      string
		show      bool
		redacted  bool
		wantShown string
	}{
		{"not-asked-for", false, false, `null null null`},
		{"shown", true, false, `"se=same<" null null`},
		{"redacted", true, true, `null null null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := readable()
			if tt.redacted {
				alerts.NewRedactor([32]byte{}).Redact(s.Facts)
			}
			var b bytes.Buffer
			j := export.NewJSONL(&b)
			j.ShowSecrets = tt.show
			if err := j.Session(s); err != nil {
				t.Fatal(err)
			}
			var got struct {
				Auth []struct{ Secret json.RawMessage }
			}
			if err := json.Unmarshal(b.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			var shown []string
			for _, a := range got.Auth {
				shown = append(shown, string(a.Secret))
			}
			if s := strings.Join(shown, " "); s != tt.wantShown {
				t.Errorf("secrets %s, want %s", s, tt.wantShown)
			}
		})
	}
}

func TestSummaryAdd(t *testing.T) {
	var s alerts.Summary
	one, two := readable(), dark()
	s.Add(&alerts.Result{Session: *one, Findings: []alerts.Finding{*finding(), *finding()}})
	s.Add(&alerts.Result{Session: *two})
	want := alerts.Summary{Midstream: 1, OneSided: 1, Gapped: 1}
	want.Sessions[alerts.Exposed], want.Sessions[alerts.UnknownVerdict] = 1, 1
	want.Findings[alerts.Critical] = 2
	if s.Sessions != want.Sessions || s.Findings != want.Findings ||
		s.Midstream != want.Midstream || s.OneSided != want.OneSided || s.Gapped != want.Gapped {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

// failing is a writer that cannot write.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteErrors(t *testing.T) {
	table := export.NewTable(failing{}, false)
	findingsCSV := export.NewFindingsCSV(failing{})
	tests := map[string]error{
		"jsonl": export.NewJSONL(failing{}).Session(readable()),
		"table": first(table.Finding(finding()), table.Flush()),
		"csv":   first(findingsCSV.Finding(finding()), findingsCSV.Flush()),

		"eve":       export.NewEVE(failing{}, catalogue).Finding(finding(), nil),
		"zeek":      export.NewZeekFindings(failing{}).Finding(finding()),
		"zeek-head": export.NewZeekSessions(failing{}).Close(),
		"cef":       export.NewCEF(failing{}, "1", catalogue).Finding(finding()),
		"syslog":    export.NewSyslog(failing{}, export.Counted, "", catalogue).Finding(finding()),
		"html":      export.NewReport("", catalogue).Write(failing{}),
	}
	for name, err := range tests {
		if err == nil {
			t.Errorf("%s: the error is lost", name)
		}
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
