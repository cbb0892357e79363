package export_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// zeekLog is a log as Zeek's own reader takes it: by field, unescaped, with
// what is not known left out.
type zeekLog struct {
	path string
	rows []map[string][]string
}

func readZeek(t *testing.T, text string) (log zeekLog) {
	t.Helper()
	var names, kinds []string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case cells[0] == "#path":
			log.path = cells[1]
		case cells[0] == "#fields":
			names = cells[1:]
		case cells[0] == "#types":
			kinds = cells[1:]
		case !strings.HasPrefix(line, "#"):
			if len(cells) != len(names) || len(kinds) != len(names) {
				t.Fatalf("%d cells and %d types for %d fields: %q", len(cells), len(kinds), len(names), line)
			}
			row := map[string][]string{}
			for i, c := range cells {
				if c == "-" {
					continue
				}
				row[names[i]] = readZeekCell(c, kinds[i])
			}
			log.rows = append(log.rows, row)
		}
	}
	return log
}

func readZeekCell(cell, kind string) []string {
	set := strings.HasPrefix(kind, "set[") || strings.HasPrefix(kind, "vector[")
	if cell == "(empty)" {
		if set {
			return []string{}
		}
		return []string{""}
	}
	if !set {
		return []string{unescapeZeek(cell)}
	}
	var list []string
	for _, c := range strings.Split(cell, ",") {
		list = append(list, unescapeZeek(c))
	}
	return list
}

func unescapeZeek(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], `\\`):
			b.WriteByte('\\')
			i++
		case strings.HasPrefix(s[i:], `\x`):
			c, _ := strconv.ParseUint(s[i+2:i+4], 16, 8)
			b.WriteByte(byte(c))
			i += 3
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func TestZeekFindings(t *testing.T) {
	var b bytes.Buffer
	z := export.NewZeekFindings(&b)
	for _, f := range findings() {
		if err := z.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "mailtap.log", b.String())
	log := readZeek(t, b.String())
	want := map[string][]string{
		"ts": {"1767323045.000000"}, "uid": {"s_000000000000000000000000"}, "service": {"imap"}, "rule": {"imap-preauth"},
		"severity": {"high"}, "blame": {"server"}, "title": {"title"}, "why": {"why"}, "detail": {}, "evidence": {},
		"finding": {"f_000000000000000000000000"}, "case": {"c_000000000000000000000000"},
	}
	if diff := cmp.Diff(want, log.rows[1]); diff != "" {
		t.Errorf("what is not known (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"z=" + hostile, "a=<"}, log.rows[2]["detail"]); diff != "" {
		t.Errorf("hostile words (-want +got):\n%s", diff)
	}
}

func TestZeekSessions(t *testing.T) {
	var b bytes.Buffer
	z := export.NewZeekSessions(&b)
	for _, s := range []*alerts.Session{readable(), protected(), dark(), evil()} {
		if err := z.Session(s); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "mailtap_sessions.log", b.String())
	if strings.Contains(b.String(), "se=same") || !printableLines(b.String()) {
		t.Error("a secret, or a character that acts, was written")
	}
	log := readZeek(t, b.String())
	if len(log.rows) != 4 || log.path != "mailtap_sessions" {
		t.Fatalf("%d rows of %s", len(log.rows), log.path)
	}
	if diff := cmp.Diff([]string{hostile}, log.rows[3]["banner"]); diff != "" {
		t.Errorf("hostile words (-want +got):\n%s", diff)
	}
}

// printableLines tells that s is printable lines with tabs.
func printableLines(s string) bool { return harmless(strings.ReplaceAll(s, "\t", "")) }

func TestZeekHead(t *testing.T) {
	var b bytes.Buffer
	z := export.NewZeekFindings(&b)
	for range 2 {
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(b.String(), "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tmailtap\n#fields\tts\tuid\t") ||
		strings.Count(b.String(), "#separator") != 1 {
		t.Errorf("head %q", b.String())
	}
}

func TestZeekEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"joe": "joe", "": "(empty)", "-": `\x2d`, "(empty)": `\x28empty)`, "--": "--", "a\tb": `a\x09b`, "a\nb": `a\x0ab`,
		`a\x09`: `a\\x09`, "é✓": "é✓", "\xff": `\xff`, "\u202e": `\xe2\x80\xae`, "a,b": "a,b", "#x": "#x", "\u009b": `\xc2\x9b`,
	} {
		t.Run(fmt.Sprintf("%q", in), func(t *testing.T) {
			f := finding()
			f.Account = in
			if got := zeekCell(t, f, "account"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	f := finding()
	f.Detail[0].Value = "a,b"
	if got := zeekCell(t, f, "detail"); got != `mechanism=a\x2cb` {
		t.Errorf("an element with a comma is %s", got)
	}
	f.HasAccount = false
	if got := zeekCell(t, f, "account"); got != "-" {
		t.Errorf("no account is %s", got)
	}
	f.Time = -1_500_000_000
	if got := zeekCell(t, f, "ts"); got != "-1.500000" {
		t.Errorf("a time before 1970 is %s", got)
	}
}

// zeekCell writes a finding and returns one cell as it was written.
func zeekCell(t *testing.T, f *alerts.Finding, field string) string {
	t.Helper()
	var b bytes.Buffer
	if err := export.NewZeekFindings(&b).Finding(f); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	names := strings.Split(lines[5], "\t")[1:]
	for i, name := range names {
		if name == field {
			return strings.Split(lines[7], "\t")[i]
		}
	}
	t.Fatalf("there is no field %s in %q", field, names)
	return ""
}
