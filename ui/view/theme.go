package view

import (
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/ui/render"
)

// look is how a style is shown: the name of a colour, or "", and attributes by
// tview's letters.
type look struct{ color, attributes string }

// theme has one look a style.
type theme [render.Styles]look

// Terminals of fewer colours than manyColors have those that their users chose.
const (
	fewColors  = 16
	manyColors = 256
)

// newTheme returns the looks for a terminal of so many colours. Nobody can ask
// every terminal what its background is. So where there are 256 colours, those
// are taken that stand out from black and from white by a contrast of 3.8 or
// more. Where there are fewer, users may have set them up; of what they usually
// are, only red and magenta can be read on both.
func newTheme(noColor bool, colors int) theme {
	red, yellow, green, blue, gray := "maroon", "purple", "", "", look{"", "d"}
	if colors >= manyColors {
		red, yellow, green, blue, gray = "#d70000", "#af5f00", "#008700", "#0087af", look{"#767676", ""}
	}
	t := theme{
		render.Critical: {red, "b"},
		render.High:     {red, ""},
		render.Medium:   {yellow, ""},
		render.Low:      {blue, ""},
		render.Good:     {green, ""},
		render.Heading:  {"", "b"},
		render.Strong:   {"", "b"},
		render.Faint:    gray,
		render.Client:   {blue, ""},
	}
	if noColor {
		t[render.Faint].attributes = "d"
		for i := range t {
			t[i].color = ""
		}
	}
	return t
}

// fallbacks are drawn by terminals that have no such characters, as with LANG=C.
var fallbacks = map[rune]string{
	'…': "~", '•': "*", '↑': "^", '↓': "v",
	'▏': ".", '▎': ".", '▍': ".", '▌': ":", '▋': ":", '▊': "#", '▉': "#",
	'▁': "_", '▂': "_", '▃': "-", '▄': "-", '▅': "=", '▆': "=", '▇': "#",
}

// adapt notes the screen before it is drawn, takes its colours, and makes room for
// what the foot has to say.
func (a *app) adapt(screen tcell.Screen) bool {
	if a.screen != screen {
		a.screen = screen
		a.theme = newTheme(a.noColor(), screen.Colors())
		for r, subst := range fallbacks {
			screen.RegisterRuneFallback(r, subst)
		}
	}
	width, height := screen.Size()
	foot := promptRows
	if a.prompt == nil {
		foot = len(a.hints(width, hintRows))
		a.root.ResizeItem(a.foot, foot, 0)
	}
	a.width, a.room = width, max(0, height-a.barRows()-foot)
	return false
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

// tagged writes lines in the language of a TextView. A tag stands behind each
// span, so that two of them make none together.
func (t *theme) tagged(lines []render.Line) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, span := range line {
			if l := t[span.Style]; l != (look{}) {
				b.WriteString("[" + l.color + "::" + l.attributes + "]")
			}
			b.WriteString(escape(span.Text) + endOfSpan)
		}
	}
	return b.String()
}

// plainText writes lines without styles.
func plainText(lines []render.Line) string {
	var b strings.Builder
	for _, line := range lines {
		text := ""
		for _, span := range line {
			text += span.Text
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}

// endOfSpan is a tag that ends all styles.
const endOfSpan = "[-:-:-]"

// escape makes a clean text show as it is where tview looks for tags, also
// before endOfSpan, whose bracket would end a tag that the text begins. What
// tview.Escape overlooks is found by its width, and loses its brackets.
func escape(s string) string {
	e := tview.Escape(s)
	if strings.Contains(s, "[") && tview.TaggedStringWidth(e+endOfSpan) != render.Width(s) {
		return strings.ReplaceAll(s, "[", `\x5b`)
	}
	return e
}
