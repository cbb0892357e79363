package export_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "AUTH LOGIN am9l", "AUTH LOGIN am9l"},
		{"letters", "Grüße, 日本語 ✓ ••••••••", "Grüße, 日本語 ✓ ••••••••"},
		{"quotes", `it's "so" \x1b`, `it's "so" \x1b`},
		{"escape-sequence", "\x1b[2J", `\x1b[2J`},
		{"title", "\x1b]0;title\a", `\x1b]0;title\a`},
		{"line-break", "a\r\nb\tc", `a\r\nb\tc`},
		{"c1", "\u009b31m", `\u009b31m`},
		{"del", "\x7f", `\x7f`},
		{"direction", "\u202etxt.exe\u2066", `\u202etxt.exe\u2066`},
		{"invisible", "a\u200bb\ufeff\u00ad", `a\u200bb\ufeff\u00ad`},
		{"line-separator", "\u2028\u2029", `\u2028\u2029`},
		{"tags", "\U000e0041", `\U000e0041`},
		{"no-utf8", "a\xff\xc3(", `a\xff\xc3(`},
		{"cut-character", "\xe2\x80", `\xe2\x80`},
		{"begins-like-replacement", "\xef", `\xef`},
		{"replacement", "\ufffd", "\ufffd"},
		{"raw-c1", "\x9b31m", `\x9b31m`},
		{"nul", "\x00", `\x00`},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := export.Clean(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add(hostile)
	f.Add("\xef\xbf\xbd\xef")
	f.Fuzz(func(t *testing.T, s string) {
		once := export.Clean(s)
		if !harmless(once) || strings.Contains(once, "\n") {
			t.Errorf("%q is left as %q", s, once)
		}
		if twice := export.Clean(once); twice != once {
			t.Errorf("%q, cleaned again %q", once, twice)
		}
	})
}

func table(t *testing.T, color bool, list ...*alerts.Finding) string {
	var b bytes.Buffer
	table := export.NewTable(&b, color)
	for _, f := range list {
		if err := table.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	plain := table(t, false, findings()...)
	golden(t, "table.txt", plain)
	if !harmless(plain) {
		t.Error("a character that acts was written as it is")
	}
	color := table(t, true, findings()...)
	golden(t, "table-color.txt", color)
	for _, code := range []string{"\x1b[1;31m", "\x1b[31m", "\x1b[33m", "\x1b[0m"} {
		color = strings.ReplaceAll(color, code, "")
	}
	if diff := cmp.Diff(plain, color); diff != "" {
		t.Errorf("colours change the text (-plain +color):\n%s", diff)
	}
	if got := table(t, false); got != "" {
		t.Errorf("a table of nothing is %q", got)
	}
}

// A long table comes in blocks, with one head.
func TestTableBlocks(t *testing.T) {
	var list []*alerts.Finding
	for range 2500 {
		list = append(list, finding())
	}
	got := table(t, false, list...)
	if lines, heads := strings.Count(got, "\n"), strings.Count(got, "SEVERITY"); lines != 2501 || heads != 1 {
		t.Errorf("%d lines, %d heads", lines, heads)
	}
}

func TestTableShortens(t *testing.T) {
	for n, want := range map[int]string{59: strings.Repeat("é", 59), 60: strings.Repeat("é", 60), 61: strings.Repeat("é", 59) + "…"} {
		f := finding()
		f.Evidence[0].Text = strings.Repeat("é", n)
		if got := table(t, false, f); !strings.HasSuffix(got, "  "+want+"\n") {
			t.Errorf("%d characters: %s", n, got)
		}
	}
}

func rows(t *testing.T, text string) [][]string {
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	c := export.NewFindingsCSV(&b)
	for _, f := range findings() {
		if err := c.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	golden(t, "findings.csv", b.String())
	sessions := new(bytes.Buffer)
	c = export.NewSessionsCSV(sessions)
	for _, s := range []*alerts.Session{readable(), protected(), dark(), evil()} {
		if err := c.Session(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	golden(t, "sessions.csv", sessions.String())
	if strings.Contains(sessions.String(), "se=same") {
		t.Error("a secret was written")
	}
	for _, text := range []string{b.String(), sessions.String()} {
		if !harmless(text) {
			t.Error("a character that acts was written as it is")
		}
		if got := rows(t, text); len(got) < 4 {
			t.Errorf("%d rows", len(got))
		}
	}
}

func TestCSVHead(t *testing.T) {
	var b bytes.Buffer
	c := export.NewSessionsCSV(&b)
	for range 2 {
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if got := rows(t, b.String()); len(got) != 1 || got[0][0] != "start" {
		t.Errorf("rows %q", got)
	}
}

func TestCSVFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": `'\t=1`, "\r=1": `'\r=1`, "\n=1": `'\n=1`,
		"＝1": "'＝1", "a=1": "a=1", "'=1": "'=1", " =1": " =1", "": "", "\xff=": `\xff=`,
		// A semicolon ends a cell where the comma is the decimal mark, and quotes may stand before what follows.
		"a;=1": "a;'=1", ";;@x": ";;'@x", `a;"=1"`: `a;'"=1"`, `a;""+1`: `a;'""+1`, "a;\t=1": `a;'\t=1`, "a;b=1": "a;b=1", "a; =1": "a; =1",
		"=1;-2": "'=1;'-2", "x,=1": "x,=1", "\x00=1": `\x00=1`, "\u202e=1": `\u202e=1`, "＠SUM": "'＠SUM", "；=1": "；=1",
	} {
		t.Run(fmt.Sprintf("%q", in), func(t *testing.T) {
			var b bytes.Buffer
			c := export.NewFindingsCSV(&b)
			f := finding()
			f.Account = in
			if err := first(c.Finding(f), c.Flush()); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, b.String())[1][6]; got != want {
				t.Errorf("cell %q, want %q", got, want)
			}
		})
	}
}

// No cell of any list starts a formula, whatever it is made of.
func TestCSVEveryCell(t *testing.T) {
	const bad = "=cmd|' /C calc'!A0"
	var findings, sessions, cases bytes.Buffer
	f, s := finding(), evil()
	f.Account, f.Title, f.Why, f.Rule, f.Detail = bad, bad, bad, bad, []dissect.Pair{{Key: bad, Value: bad}}
	f.Evidence = []alerts.Evidence{{File: bad, Text: bad}}
	s.Facts.Banner, s.Facts.Hello, s.Facts.Files, s.Facts.Tunnel = bad, bad, []string{bad}, []string{bad}
	s.Facts.Auth = []*dissect.Attempt{{Mechanism: bad, Account: bad, HasAccount: true}}
	s.Facts.TLS = &dissect.TLSFacts{Version: bad, Cipher: bad, SNI: bad}
	k := alerts.Case{Rule: bad, Title: bad, Server: bad, Client: bad, Account: bad, Note: bad}
	cf, cs, cc := export.NewFindingsCSV(&findings), export.NewSessionsCSV(&sessions), export.NewCasesCSV(&cases)
	if err := first(cf.Finding(f), cf.Flush(), cs.Session(s), cs.Flush(), cc.Case(&k), cc.Flush()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		text  string
		cells int
	}{"findings": {findings.String(), 7}, "sessions": {sessions.String(), 9}, "cases": {cases.String(), 6}} {
		quoted := 0
		for i, c := range rows(t, want.text)[1] {
			if strings.HasPrefix(c, "=") {
				t.Errorf("%s: cell %d is %q", name, i, c)
			}
			if strings.HasPrefix(c, "'=") {
				quoted++
			}
		}
		if quoted != want.cells {
			t.Errorf("%s: %d cells are quoted, want %d", name, quoted, want.cells)
		}
	}
}
