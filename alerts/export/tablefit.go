package export

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Measures of a table that has to fit a terminal, in characters.
const (
	columnGap = 2
	leastCell = 12 // what a cell is cut to at least
	indent    = 4  // of the further lines of a row
)

// mayBeCut are the columns whose cells are cut where there is little room. The
// others are copied from the screen, or short.
var mayBeCut = []string{"ACCOUNT", "ACCOUNTS", "CLIENT", "CLIENTS", "SERVERS", "NAMES", "MECHANISMS", "SOFTWARE", "FLAGS",
	"FIRST SEEN IN", "EVIDENCE", "WHAT IS WRONG"}

// endCounts is the column of which the end says most: a file and its packet.
const endCounts = "FIRST SEEN IN"

// Fit makes the table fit a terminal of so many columns: long cells are cut and
// then rows take several lines. 0 leaves it as wide as it comes.
func (t *Table) Fit(columns int) { t.columns = columns }

// layout is how the rows of a block are written.
type layout struct {
	width []int // of the columns
	lines []int // the column that each line of a row begins with
}

// lay measures a block of rows.
func (t *Table) lay(rows [][]string) layout {
	l := layout{width: make([]int, len(t.head)), lines: []int{0}}
	for _, row := range rows {
		for i, cell := range row {
			l.width[i] = max(l.width[i], utf8.RuneCountInString(cell))
		}
	}
	if t.columns == 0 || totalWidth(l.width) <= t.columns {
		return l
	}
	used := 0
	for i, w := range l.width { // each line takes the columns that fit when cut
		if w = min(w, t.least(i)); used > 0 && used+w > t.columns {
			l.lines = append(l.lines, i)
			used = indent
		}
		used += w + columnGap
	}
	for n, from := range l.lines {
		to, room := len(l.width), t.columns
		if n > 0 {
			room -= indent
		}
		if n+1 < len(l.lines) {
			to = l.lines[n+1]
		}
		t.cut(l.width, from, to, room)
	}
	return l
}

// least is what a column is cut to at least.
func (t *Table) least(i int) int {
	if slices.Contains(mayBeCut, t.head[i]) {
		return max(leastCell, len(t.head[i]))
	}
	return maxCell
}

// cut takes what the columns of a line need beyond room from the widest of them
// that may be cut, again and again.
func (t *Table) cut(width []int, from, to, room int) {
	for missing := totalWidth(width[from:to]) - room; missing > 0; missing-- {
		widest := -1
		for i := from; i < to; i++ {
			if width[i] > t.least(i) && (widest < 0 || width[i] > width[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		width[widest]--
	}
}

// totalWidth is how wide a line is.
func totalWidth(width []int) int {
	n := columnGap * (len(width) - 1)
	for _, w := range width {
		n += w
	}
	return n
}

func (t *Table) row(cells []string, l layout) {
	for i, cell := range cells {
		if t.head[i] == endCounts {
			cell = ending(cell, l.width[i])
		} else {
			cell = shorten(cell, l.width[i])
		}
		paint := wordColor[cell]
		if i > 0 || !t.color {
			paint = ""
		}
		t.w.WriteString(paint + cell)
		if paint != "" {
			t.w.WriteString(colorEnd)
		}
		switch {
		case i == len(cells)-1:
		case slices.Contains(l.lines, i+1):
			t.w.WriteString("\n" + strings.Repeat(" ", indent))
		default:
			t.w.WriteString(strings.Repeat(" ", l.width[i]-utf8.RuneCountInString(cell)+columnGap))
		}
	}
	t.w.WriteByte('\n')
}

// ending cuts a cell in front.
func ending(s string, most int) string {
	over := utf8.RuneCountInString(s) - most
	if over <= 0 {
		return s
	}
	for i := range s {
		if over < 0 {
			return "…" + s[i:]
		}
		over--
	}
	return s
}
