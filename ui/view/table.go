package view

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/ui/render"
)

// headRows is how many rows of the table stand above the first case.
const headRows = 1

// content is the table of cases. It holds none: cells are made of the model
// when they are drawn, and kept for the one time that they are.
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
		c.columns, c.rows = render.Columns(width), make(map[int][]*tview.TableCell)
		if a.list != nil && a.list.Len() == 0 {
			a.drawNothing(screen, x, y+headRows+1, width)
		}
		return x, y, width, height
	})
	t.SetMouseCapture(func(action tview.MouseAction, event *tcell.EventMouse) (tview.MouseAction, *tcell.EventMouse) {
		row, _ := t.CellAt(event.Position())
		switch {
		case action == tview.MouseLeftClick && row < headRows:
			return tview.MouseConsumed, nil // beside the cases: the selection stays
		case action == tview.MouseLeftDoubleClick && row >= headRows:
			t.Select(row, 0)
			a.openCase()
			return tview.MouseConsumed, nil
		}
		return action, event
	})
	return t
}

// drawNothing says why there are no rows.
func (a *app) drawNothing(screen tcell.Screen, x, y, width int) {
	for i, line := range render.Nothing(a.list) {
		tview.Print(screen, escape(line), x, y+i, width, tview.AlignCenter, tcell.ColorDefault)
	}
}

// GetRowCount returns how many rows there are, the head among them.
func (c *content) GetRowCount() int {
	if c.app.list == nil {
		return headRows
	}
	return headRows + c.app.list.Len()
}

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
	k, ok := c.app.list.Row(row - headRows)
	if !ok {
		return nil
	}
	reason := func() string { return c.app.list.Reason(&k) }
	for _, column := range c.columns {
		cells = append(cells, c.cell(column, column.Cell(&k, reason, c.app.now())))
	}
	return cells
}

// cell makes a cell. The head is as wide as its column, so the others need not
// be: measuring spaces takes tview most of its time.
func (c *content) cell(column render.Column, s render.Span) *tview.TableCell {
	return &tview.TableCell{Text: escape(s.Text), MaxWidth: column.Width, Style: c.app.theme.style(s.Style), Transparent: true}
}
