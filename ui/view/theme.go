package view

import (
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/ui/render"
)

// look is how a style is shown: the name of a colour that terminals let their
// users choose, or "", and attributes by tview's letters.
type look struct{ color, attributes string }

// theme has one look a style.
type theme [render.Styles]look

func newTheme(noColor bool) theme {
	t := theme{
		render.Critical: {"maroon", "b"},
		render.High:     {"maroon", ""},
		render.Medium:   {"olive", ""},
		render.Low:      {"teal", ""},
		render.Good:     {"green", ""},
		render.Heading:  {"", "b"},
		render.Strong:   {"", "b"},
		render.Faint:    {"", "d"},
		render.Client:   {"teal", ""},
	}
	if noColor {
		for i := range t {
			t[i].color = ""
		}
	}
	return t
}

// style returns the look of a style for a cell. It is never the zero style,
// which has tview take colours of its own.
func (t *theme) style(s render.Style) tcell.Style {
	style := tcell.StyleDefault.Foreground(tcell.ColorDefault).
		Bold(t[s].attributes == "b").Dim(t[s].attributes == "d")
	if t[s].color != "" {
		style = style.Foreground(tcell.GetColor(t[s].color))
	}
	return style
}

// tagged writes lines in the language of a TextView.
func (t *theme) tagged(lines []render.Line) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, span := range line {
			l := t[span.Style]
			if l == (look{}) {
				b.WriteString(escape(span.Text))
				continue
			}
			b.WriteString("[" + l.color + "::" + l.attributes + "]" + escape(span.Text) + "[-:-:-]")
		}
	}
	return b.String()
}

// escape makes a clean text show as it is where tview looks for tags. What
// tview.Escape overlooks is found by its width, and loses its brackets.
func escape(s string) string {
	e := tview.Escape(s)
	if strings.Contains(s, "[") && tview.TaggedStringWidth(e) != render.Width(s) {
		return strings.ReplaceAll(s, "[", `\x5b`)
	}
	return e
}
