package export

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a table. Its columns are aligned over a block of rows.
const (
	maxRows = 1000 // of a block
	maxCell = 60   // characters of a cell
)

// Table writes rows for people. They appear when Flush is called, or when a
// block is full.
type Table struct {
	w     *bufio.Writer
	color bool
	head  []string
	begun bool
	rows  [][]string

	columns int // of the terminal; 0: any
}

var (
	findingHead = []string{"SEVERITY", "RULE", "PROTOCOL", "CLIENT", "SERVER", "ACCOUNT", "TIME", "EVIDENCE"}
	sessionHead = []string{"VERDICT", "PROTOCOL", "TRANSPORT", "CLIENT", "SERVER", "ACCOUNTS", "MESSAGES", "START", "FLAGS", "ID"}
	caseHead    = []string{"SEVERITY", "RULE", "STATUS", "SERVER", "CLIENT", "ACCOUNT", "FINDINGS", "FIRST", "LAST", "ID"}
)

// The severities and verdicts in colour; the word stands there too.
var wordColor = map[string]string{
	"critical": "\x1b[1;31m", "high": "\x1b[31m", "medium": "\x1b[33m", "low": "\x1b[36m",
	"exposed": "\x1b[1;31m", "weak": "\x1b[33m", "protected": "\x1b[32m",
}

const colorEnd = "\x1b[0m"

// NewTable returns a table of findings that is written to w, with colours for
// a terminal.
func NewTable(w io.Writer, color bool) *Table { return newTable(w, color, findingHead) }

// NewSessionsTable returns a table of sessions.
func NewSessionsTable(w io.Writer, color bool) *Table { return newTable(w, color, sessionHead) }

// NewCasesTable returns a table of cases.
func NewCasesTable(w io.Writer, color bool) *Table { return newTable(w, color, caseHead) }

// NewRows returns a table with other columns; Row adds to it. The first column
// is coloured where it is a severity or a verdict.
func NewRows(w io.Writer, color bool, head ...string) *Table { return newTable(w, color, head) }

// Row adds a row with a cell for each column.
func (t *Table) Row(cells ...string) error { return t.add(cells...) }

func newTable(w io.Writer, color bool, head []string) *Table {
	return &Table{w: bufio.NewWriter(w), color: color, head: head}
}

// Finding adds a row.
func (t *Table) Finding(f *alerts.Finding) error {
	line := f.Why
	if len(f.Evidence) > 0 {
		line = f.Evidence[0].Text
	}
	if reason := Excepted(f); reason != "" {
		line = "(exception: " + reason + ") " + line
	}
	return t.add(f.Severity.String(), f.Rule, f.Protocol.String(), endpoint(f.Client), endpoint(f.Server),
		orDash(f.Account), seconds(f.Time), line)
}

// Session adds a row.
func (t *Table) Session(s *alerts.Session) error {
	f := s.Facts
	var accounts []string
	for _, a := range f.Auth {
		accounts = addOnce(accounts, a.Account)
	}
	return t.add(s.Verdict.String(), f.Protocol.String(), f.Transport.String(), endpoint(f.Client), endpoint(f.Server),
		orDash(strings.Join(accounts, " ")), strconv.Itoa(len(f.Messages)), seconds(f.Start),
		orDash(strings.Join(f.Flags.Names(), " ")), s.ID.String())
}

// seconds writes a time as people need it.
func seconds(ns int64) string { return formatTime(ns)[:len("2006-01-02T15:04:05")] + "Z" }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (t *Table) add(row ...string) error {
	for i, cell := range row {
		row[i] = shorten(Clean(cell), maxCell)
	}
	t.rows = append(t.rows, row)
	if len(t.rows) == maxRows {
		return t.Flush()
	}
	return nil
}

// Flush writes the rows so far.
func (t *Table) Flush() error {
	if len(t.rows) == 0 {
		return t.w.Flush()
	}
	l := t.lay(append(t.rows, t.head))
	if !t.begun {
		t.begun = true
		t.row(t.head, l)
	}
	for _, row := range t.rows {
		t.row(row, l)
	}
	t.rows = t.rows[:0]
	return t.w.Flush()
}

// shorten cuts a cell to so many characters.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == most && utf8.RuneCountInString(s[i:]) > 1 {
			return s[:i] + "…"
		}
	}
	return s
}
