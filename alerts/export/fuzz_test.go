package export_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

// FuzzFinding holds each format to its promise for whatever words: a record
// is one line, a reader takes it apart again, and no character acts.
func FuzzFinding(f *testing.F) {
	f.Add(hostile, hostile, hostile, hostile)
	f.Add("-", "(empty)", `\`, `\\=|]"`)
	f.Add("a=b c=d", "x|y", "]", "\x00\n\r\t")
	f.Add("", " ", ",", ";=1")
	f.Add("cs1=x", "\\n", "\ufeff", strings.Repeat("\xff", 3000))
	f.Fuzz(func(t *testing.T, account, title, why, text string) {
		one := finding()
		one.Account, one.Title, one.Why = account, title, why
		one.Detail = []dissect.Pair{{Key: "k", Value: text}}
		one.Evidence = []alerts.Evidence{{File: title, Packet: 7, Text: text}, {Text: account}}
		checkEVE(t, one)
		checkZeek(t, one)
		checkCEF(t, one)
		checkSyslog(t, one)
		checkCSV(t, one)
	})
}

// oneLine holds that s is a line of printable characters, tabs aside.
func oneLine(t *testing.T, format, s string) {
	t.Helper()
	if strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "\n") || !printableLines(s) {
		t.Errorf("%s: not a line that is printable: %q", format, s)
	}
}

// acts tells a character that a terminal or a reader may act on; JSON leaves
// others that are not seen, such as those that mean nothing yet.
func acts(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

func checkEVE(t *testing.T, f *alerts.Finding) {
	var b bytes.Buffer
	s := evil()
	s.Facts.TLS.SNI, s.Facts.TLS.Version = f.Why, f.Title
	if err := export.NewEVE(&b, catalogue).Finding(f, s); err != nil {
		t.Fatal(err)
	}
	line, ended := strings.CutSuffix(b.String(), "\n")
	if !ended || strings.ContainsFunc(line, acts) {
		t.Errorf("eve: not a line that is harmless: %q", line)
	}
	var got struct{ Alert struct{ Signature string } }
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if want := validUTF8(f.Title); got.Alert.Signature != want {
		t.Errorf("eve: title %q, want %q", got.Alert.Signature, want)
	}
}

// validUTF8 replaces each byte that is no UTF-8, as encoding/json does.
func validUTF8(s string) string { return string([]rune(s)) }

func checkZeek(t *testing.T, f *alerts.Finding) {
	var b bytes.Buffer
	if err := export.NewZeekFindings(&b).Finding(f); err != nil {
		t.Fatal(err)
	}
	head := strings.Index(b.String(), "\n1767323045")
	oneLine(t, "zeek", b.String()[head+1:])
	row := readZeek(t, b.String()).rows[0]
	got := [][]string{row["account"], row["detail"], row["evidence"]}
	want := [][]string{{f.Account}, {"k=" + f.Detail[0].Value}, {"client: " + f.Evidence[0].Text, "client: " + f.Evidence[1].Text}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("zeek (-want +got):\n%s", diff)
	}
}

func checkCEF(t *testing.T, f *alerts.Finding) {
	line := cefLine(t, f)
	oneLine(t, "cef", line)
	header, pairs := readCEF(t, line)
	if want := export.Clean(f.Title); !strings.HasPrefix(want, header[5]) || len(want) <= 500 && header[5] != want {
		t.Errorf("cef: name %q, want %q", header[5], want)
	}
	want := export.Clean(f.Account)
	if got := pairs["duser"]; !strings.HasPrefix(want, got) || len(want) <= 1000 && got != want {
		t.Errorf("cef: account %q, want %q", got, want)
	}
	if got := pairs["cs1"]; got != f.Case.String() {
		t.Errorf("cef: case %q", got)
	}
}

func checkSyslog(t *testing.T, f *alerts.Finding) {
	oneLine(t, "syslog", strings.ReplaceAll(syslogOf(t, export.Lines, f), "\ufeff", ""))
	datagram := syslogOf(t, export.Datagram, f)
	if len(datagram) > 2048 {
		t.Errorf("syslog: %d bytes", len(datagram))
	}
	got, want := readSyslog(t, datagram).data, export.Clean(f.Account)
	if !strings.HasPrefix(want, got["account"]) || len(want) <= 120 && got["account"] != want {
		t.Errorf("syslog: account %q, want %q", got["account"], want)
	}
	if got["case"] != f.Case.String() {
		t.Errorf("syslog: case %q", got["case"])
	}
}

func checkCSV(t *testing.T, f *alerts.Finding) {
	var b bytes.Buffer
	c := export.NewFindingsCSV(&b)
	if err := first(c.Finding(f), c.Flush()); err != nil {
		t.Fatal(err)
	}
	got := rows(t, b.String())
	if len(got) != 2 || len(got[1]) != len(got[0]) {
		t.Fatalf("csv: %d rows", len(got))
	}
	for _, cell := range got[1] {
		for i, part := range strings.Split(cell, ";") {
			if i > 0 {
				part = strings.TrimLeft(part, `"`)
			}
			if part != "" && strings.ContainsRune("=+-@\t\r", rune(part[0])) {
				t.Errorf("csv: a cell starts a formula: %q", cell)
			}
		}
	}
}

// FuzzReport: whatever the words, the page has the elements that it should.
func FuzzReport(f *testing.F) {
	f.Add(hostile, "</td></table><script>", "{{.}}", "javascript:")
	f.Add(`"><b onmouseover='x'>`, "<!--", "]]>", "</style>")
	f.Fuzz(func(t *testing.T, account, title, server, text string) {
		one := finding()
		one.Account, one.Title, one.Rule = account, title, title
		one.Evidence = []alerts.Evidence{{File: server, Packet: 1, Text: text}}
		k := caseOf(one)
		k.Server, k.Note = server, text
		r := export.NewReport(title, catalogue)
		r.Case(k)
		r.Finding(one)
		if page := writeReport(t, r); !harmless(page) {
			t.Error("a character that acts was written as it is")
		}
	})
}
