package view

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/ui/render"
)

// headRows is how many rows of the table stand above the first one of a list.
const headRows = 1

// content is the table. It holds nothing: cells are made of the model when they
// are drawn, and kept for the one time that they are.
type content struct {
	tview.TableContentReadOnly
	app     *app
	columns []render.Column
	rows    map[int][]*tview.TableCell
}

func (a *app) newTable() *tview.Table {
	c := &content{app: a}
	t := tview.NewTable().SetContent(c).SetFixed(headRows, 0).SetSelectable(true, false).
		SetSelectedStyle(tcell.StyleDefault.Reverse(true)).SetBordersColor(tcell.ColorDefault).Select(headRows, 0)
	t.SetBackgroundColor(tcell.ColorDefault)
	t.SetDrawFunc(func(screen tcell.Screen, x, y, width, height int) (int, int, int, int) {
		c.columns, c.rows = a.columns(width), make(map[int][]*tview.TableCell)
		if a.length() == 0 {
			a.drawNothing(screen, x, y+headRows+1, width)
		}
		return x, y, width, height
	})
	t.SetMouseCapture(func(action tview.MouseAction, event *tcell.EventMouse) (tview.MouseAction, *tcell.EventMouse) {
		row, column := t.CellAt(event.Position())
		switch {
		case (action == tview.MouseLeftClick || action == tview.MouseLeftDoubleClick) && row < headRows:
			if row >= 0 {
				a.clickHead(c.columns, column)
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

// GetRowCount returns how many rows there are, the head among them.
func (c *content) GetRowCount() int { return headRows + c.app.length() }

// GetColumnCount returns how many columns the screen has room for.
func (c *content) GetColumnCount() int { return len(c.columns) }

// GetCell returns one cell.
func (c *content) GetCell(row, column int) *tview.TableCell {
	cells, drawn := c.rows[row]
	if !drawn && c.rows != nil {
		cells = c.row(row)
		c.rows[row] = cells
	}
	if column < 0 || column >= len(cells) {
		return nil
	}
	return cells[column]
}

func (c *content) row(row int) []*tview.TableCell {
	var cells []*tview.TableCell
	if row < headRows {
		for _, column := range c.columns {
			cells = append(cells, c.cell(column, column.Head()).SetSelectable(false))
		}
		return cells
	}
	spans := c.app.spans(row-headRows, c.columns)
	for i, column := range c.columns {
		span := render.Span{} // not read yet; without a cell, the selection would move on
		if spans != nil {
			span = spans[i]
		}
		cells = append(cells, c.cell(column, span))
	}
	return cells
}

// cell makes a cell. The head is as wide as its column, so the others need not
// be: measuring spaces takes tview most of its time.
func (c *content) cell(column render.Column, s render.Span) *tview.TableCell {
	return &tview.TableCell{Text: escape(s.Text), MaxWidth: column.Width, Style: c.app.theme.style(s.Style), Transparent: true}
}
