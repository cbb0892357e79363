package main

import (
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// hostile are words that a peer may choose: escape sequences that paint or
// retitle a terminal, line breaks that forge a row, marks that turn the
// direction of text, formulas for a spreadsheet, markup, bytes that are no
// text at all.
var hostile = []string{
	`\x1b[2J\x1b[31mred\x1b]0;title\x07`, `joe\r\ncritical  forged  row`, `abc\u202egnp.exe`, `\x9b31mC1`, `a\x00b\x7f`,
	`=cmd|'/c calc'!A1`, `+1+1`, `-2+3`, `@SUM(A1)`, `[red]tview[-]`, `<script>alert(1)</script>`, `\xff\xfe\xc3(`, `"quoted", 'too'\\`,
}

// TestHostileText says hostile words in every place that is kept, and wants
// them harmless in every output.
func TestHostileText(t *testing.T) {
	w := newWire(t)
	for i, text := range hostile {
		oneLine := strings.NewReplacer(`\r`, "", `\n`, "").Replace(text)
		segments, err := parseDialogue(strings.ReplaceAll(strings.ReplaceAll(hostileDialogue, "HOSTILE", oneLine), "ACCOUNT", text))
		if err != nil {
			t.Fatal(err)
		}
		w.add(&connection{port: 587, number: i, segments: segments})
	}
	db, file := filepath.Join(t.TempDir(), "mailtap.db"), w.file("hostile.pcap")
	for _, format := range []string{formatTable, formatJSONL} {
		out, diag := mailtap(t, statusDone, "analyze", "--db", db, "--format", format, file)
		harmless(t, "analyze", format, out)
		harmless(t, "analyze", formatTable, diag)
	}
	for _, list := range []string{"findings", "sessions", "cases"} {
		for _, format := range []string{formatTable, formatJSON, formatJSONL, formatCSV} {
			out, _ := mailtap(t, statusDone, list, "--db", db, "--format", format, "--limit", "0")
			harmless(t, list, format, out)
		}
	}
	out, _ := mailtap(t, statusDone, "sessions", "--db", db, "--format", "jsonl")
	if n := strings.Count(out, "\n"); n != len(hostile) {
		t.Errorf("%d sessions, want %d", n, len(hostile))
	}
}

const hostileDialogue = `S: 220 HOSTILE
C: EHLO HOSTILE
S: 250-HOSTILE
S: 250 AUTH PLAIN HOSTILE
C: AUTH PLAIN {b64:ACCOUNT\x00ACCOUNT\x00secret}
S: 535 HOSTILE
C: AUTH HOSTILE
S: 504 HOSTILE
C: MAIL FROM:<HOSTILE>
S: 250 HOSTILE
C: RCPT TO:<HOSTILE>
S: 250 HOSTILE
C: DATA
S: 354 HOSTILE
C- Subject: HOSTILE\r\nFrom: =?utf-8?B?{b64:ACCOUNT}?= <HOSTILE>\r\n\r\n.\r\n
S: 250 HOSTILE
C: QUIT
S: 221 HOSTILE`

func harmless(t *testing.T, command, format, out string) {
	t.Helper()
	for i, r := range out {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%s --format %s: %U in %q", command, format, r, out[max(0, i-60):min(len(out), i+20)])
			break
		}
	}
	switch format {
	case formatTable:
		if strings.Contains(out, "\ncritical  forged") {
			t.Errorf("%s: a forged row in\n%s", command, out)
		}
	case formatJSON:
		if !json.Valid([]byte(out)) {
			t.Errorf("%s: not JSON:\n%s", command, out)
		}
	case formatJSONL:
		objects(t, out)
	case formatCSV:
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "-") || strings.HasPrefix(cell, "@") {
					t.Errorf("%s: a cell %q", command, cell)
				}
			}
		}
	}
}
