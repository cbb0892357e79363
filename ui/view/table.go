package view

import (
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
	"github.com/rivo/uniseg"

	"github.com/mailtap/mailtap/ui/render"
)

// headRows is how many rows of the table stand above the first one of a list.
const headRows = 1

// table is a list on the screen. tview keeps its selection and its offset; what
// stands in the rows is painted here: tview would measure all of it, each time.
type table struct {
	*tview.Table
	app     *app
	columns []render.Column // as they were drawn last
}

func (a *app) newTable() *table {
	t := &table{Table: tview.NewTable(), app: a}
	t.SetContent(&content{table: t, empty: tview.TableCell{Transparent: true}}).SetFixed(headRows, 0).SetSelectable(true, false).
		SetSelectedStyle(tcell.StyleDefault.Reverse(true)).SetBordersColor(tcell.ColorDefault).Select(headRows, 0)
	t.SetBackgroundColor(tcell.ColorDefault)
	t.SetMouseCapture(func(action tview.MouseAction, event *tcell.EventMouse) (tview.MouseAction, *tcell.EventMouse) {
		row, column := t.CellAt(event.Position())
		switch {
		case (action == tview.MouseLeftClick || action == tview.MouseLeftDoubleClick) && row < headRows:
			if row >= 0 {
				a.clickHead(t.columns, column)
			}
			return tview.MouseConsumed, nil // beside the rows: the selection stays
		case action == tview.MouseLeftClick:
			a.top().picked = true
		case action == tview.MouseLeftDoubleClick:
			t.Select(row, 0)
			a.open()
			return tview.MouseConsumed, nil
		}
		return action, event
	})
	return t
}

// Draw draws the list, each cell of the screen once.
func (t *table) Draw(screen tcell.Screen) {
	x, y, width, height := t.GetInnerRect()
	t.columns = t.app.columns(width)
	t.Table.Draw(still{screen})
	var head []render.Span
	for _, c := range t.columns {
		head = append(head, c.Head())
	}
	t.drawRow(screen, x, y, width, head, blank, t.app.theme.style)
	offset, _ := t.GetOffset()
	for i := range max(0, height-headRows) {
		row, style, sign := offset+i, t.app.theme.style, blank
		if row == t.app.row() && row < t.app.length() {
			style = func(render.Style) tcell.Style { return tcell.StyleDefault.Reverse(true) }
		}
		if t.app.marked(row) {
			sign = markSign
		}
		t.drawRow(screen, x, y+headRows+i, width, t.app.spans(row, t.columns), sign, style)
	}
	if t.app.length() == 0 {
		t.app.drawNothing(screen, x, y+headRows+1, width)
	}
}

// still is a screen on which nothing is written: tview finds out which rows there
// is room for, and would clear all of them.
type still struct{ tcell.Screen }

// SetContent does nothing.
func (still) SetContent(int, int, rune, []rune, tcell.Style) {}

// blank is a cell with nothing in it.
const blank = " "

// drawRow writes one row of the screen. There are no spans where there is no row
// of the list, or it is not read yet. The sign stands behind the first column.
func (t *table) drawRow(screen tcell.Screen, x, y, width int, spans []render.Span, sign string, style func(render.Style) tcell.Style) {
	end := x + width
	clear := func(to int) {
		for ; x < min(to, end); x++ {
			screen.Put(x, y, blank, style(render.Plain))
		}
	}
	for n, c := range t.columns {
		next := x + c.Width
		if n < len(spans) {
			x = paint(screen, x, y, min(next, end), spans[n].Text, style(spans[n].Style))
		}
		if clear(next); n == 0 && sign != blank && x < end {
			screen.Put(x, y, sign, style(render.Strong))
			x++
		}
		clear(next + 1)
	}
	clear(end)
}

// paint writes a clean text as far as end, and returns where that is.
func paint(screen tcell.Screen, x, y, end int, text string, style tcell.Style) int {
	for state, cluster, width := -1, "", 0; text != ""; x += width {
		if c := text[0]; c < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) {
			cluster, text, width, state = text[:1], text[1:], 1, -1 // as most are
		} else {
			cluster, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		}
		if x+width > end {
			return x
		}
		for behind := x + width - 1; behind > x; behind-- { // of a wide one
			screen.Put(behind, y, blank, style)
		}
		screen.Put(x, y, cluster, style)
	}
	return x
}

// clickHead sorts by a column, and the other way round with the next click.
func (a *app) clickHead(columns []render.Column, column int) {
	if a.top().on != casesScreen || column < 0 || column >= len(columns) {
		return
	}
	if by, ok := columns[column].Field(); ok {
		q := a.top().query
		q.Reverse = q.By == by && !q.Reverse
		q.By = by
		a.setQuery(q)
	}
}

// drawNothing says why there are no rows.
func (a *app) drawNothing(screen tcell.Screen, x, y, width int) {
	for i, line := range a.nothing() {
		tview.Print(screen, escape(line), x, y+i, width, tview.AlignCenter, tcell.ColorDefault)
	}
}

// content is what tview knows of a list: how many rows it has, and its head.
type content struct {
	tview.TableContentReadOnly
	table *table
	empty tview.TableCell
}

// GetRowCount returns how many rows there are, the head among them.
func (c *content) GetRowCount() int { return headRows + c.table.app.length() }

// GetColumnCount returns how many columns the screen has room for.
func (c *content) GetColumnCount() int { return len(c.table.columns) }

// GetCell returns a cell: of the head, or an empty one that can be selected.
func (c *content) GetCell(row, column int) *tview.TableCell {
	if column < 0 || column >= len(c.table.columns) {
		return nil
	}
	if row >= headRows {
		return &c.empty
	}
	head := c.table.columns[column].Head()
	return &tview.TableCell{
		Text: escape(head.Text), MaxWidth: c.table.columns[column].Width, Style: c.table.app.theme.style(head.Style), Transparent: true, NotSelectable: true,
	}
}
