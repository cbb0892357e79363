package export

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a table. Its columns are aligned over a block of rows.
const (
	maxRows = 1000 // of a block
	maxCell = 60   // characters of a cell
)

// Table writes findings for people. Rows appear when Flush is called, or when a
// block is full.
type Table struct {
	w     *bufio.Writer
	color bool
	begun bool
	rows  [][]string
}

var tableHead = []string{"SEVERITY", "RULE", "PROTOCOL", "CLIENT", "SERVER", "ACCOUNT", "TIME", "EVIDENCE"}

// The severities in colour; the word stands there too.
var severityColor = map[string]string{
	"critical": "\x1b[1;31m", "high": "\x1b[31m", "medium": "\x1b[33m", "low": "\x1b[36m",
}

const colorEnd = "\x1b[0m"

// NewTable returns a table that is written to w, with colours for a terminal.
func NewTable(w io.Writer, color bool) *Table {
	return &Table{w: bufio.NewWriter(w), color: color}
}

// Finding adds a row.
func (t *Table) Finding(f *alerts.Finding) error {
	line := f.Why
	if len(f.Evidence) > 0 {
		line = f.Evidence[0].Text
	}
	account := "-"
	if f.HasAccount {
		account = f.Account
	}
	row := []string{
		f.Severity.String(), f.Rule, f.Protocol.String(), endpoint(f.Client), endpoint(f.Server),
		account, formatTime(f.Time)[:len("2006-01-02T15:04:05")] + "Z", line,
	}
	for i, cell := range row {
		row[i] = shorten(Clean(cell))
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
	width := make([]int, len(tableHead))
	for _, row := range append(t.rows, tableHead) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	if !t.begun {
		t.begun = true
		t.row(tableHead, width)
	}
	for _, row := range t.rows {
		t.row(row, width)
	}
	t.rows = t.rows[:0]
	return t.w.Flush()
}

func (t *Table) row(cells []string, width []int) {
	for i, cell := range cells {
		paint := severityColor[cell]
		if i > 0 || !t.color {
			paint = ""
		}
		pad := width[i] - utf8.RuneCountInString(cell)
		t.w.WriteString(paint + cell)
		if paint != "" {
			t.w.WriteString(colorEnd)
		}
		if i < len(cells)-1 {
			t.w.WriteString(strings.Repeat(" ", pad+2))
		}
	}
	t.w.WriteByte('\n')
}

// shorten cuts a cell to maxCell characters.
func shorten(s string) string {
	if len(s) <= maxCell {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == maxCell && utf8.RuneCountInString(s[i:]) > 1 {
			return s[:i] + "…"
		}
	}
	return s
}
