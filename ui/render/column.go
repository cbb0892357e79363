package render

// Column is one column of a list.
type Column struct {
	kind  kind
	head  string
	right bool // it holds numbers
	Width int
}

// kind says what a column shows.
type kind uint8

// plan is how the columns of a list share the width of a screen. One space
// stands between them.
type plan struct {
	columns []Column // from left to right, as wide as on 80 columns; 0 is not shown
	grow    []step   // what more room is used for, in this order
	shrink  []step   // how far a column shrinks on a small screen, in this order
}

// step is so many columns for one kind: to add, or to leave; to leave 0 takes it
// away at once.
type step struct {
	kind  kind
	width int
}

// fit returns the columns that a screen has room for.
func (p *plan) fit(screen int) []Column {
	widths := make(map[kind]int)
	room := screen + 1
	for _, c := range p.columns {
		widths[c.kind] = c.Width
		if c.Width > 0 {
			room -= c.Width + 1
		}
	}
	for _, s := range p.shrink {
		give := min(max(0, -room), max(0, widths[s.kind]-s.width))
		if s.width == 0 && give > 0 {
			give = widths[s.kind] // half a number is none
		}
		widths[s.kind] -= give
		if room += give; give > 0 && widths[s.kind] == 0 {
			room++ // its space
		}
	}
	for _, s := range p.grow {
		if widths[s.kind] == 0 { // one that is new comes whole, with its space
			if room < s.width+1 {
				break
			}
			room--
		}
		add := max(0, min(room, s.width))
		widths[s.kind] += add
		room -= add
	}
	var shown []Column
	for _, c := range p.columns {
		if c.Width = widths[c.kind]; c.Width > 0 {
			shown = append(shown, c)
		}
	}
	return shown
}

// Head returns the column's head, as wide as the column.
func (c Column) Head() Span {
	if c.right {
		return Span{right(c.head, c.Width), Heading}
	}
	return Span{fit(c.head, c.Width), Heading}
}

// text returns a clean text for the column, a number at its right.
func (c Column) text(s string) Span {
	if c.right {
		return Span{right(s, c.Width), Plain}
	}
	return Span{middle(s, c.Width), Plain}
}
