package view

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/mailtap/mailtap/ui/render"
)

// maxTyped is how many characters are taken.
const maxTyped = 200

// prompt is a question that the foot asks.
type prompt struct {
	label    string
	help     string                     // what may be typed; "" is what the keys do
	complete func(text string) []string // what may become of a text; nil: nobody knows
	check    func(text string) error    // what is wrong with it
	done     func(text string)

	choices []string
	mistake error // shown once Enter was pressed, or something complete is wrong
}

func (a *app) newFoot() *tview.Pages {
	a.input = tview.NewInputField().SetLabelStyle(tcell.StyleDefault.Bold(true)).SetFieldStyle(tcell.StyleDefault).
		SetAcceptanceFunc(tview.InputFieldMaxLength(maxTyped)).SetChangedFunc(a.typed).SetDoneFunc(a.answered)
	a.input.SetBackgroundColor(tcell.ColorDefault)
	asking := tview.NewFlex().SetDirection(tview.FlexRow).AddItem(a.newText(a.help), 1, 0, false).AddItem(a.input, 1, 0, true)
	a.foot = tview.NewPages().
		AddPage(hintsFoot, a.newText(a.hints), true, true).
		AddPage(promptFoot, asking, true, false)
	a.foot.SetBackgroundColor(tcell.ColorDefault)
	return a.foot
}

// question asks for a text, beginning with one.
func (a *app) question(p *prompt, text string) {
	a.prompt = p
	a.input.SetLabel(escape(p.label) + ": ").SetText(text)
	a.typed(a.input.GetText())
	a.root.ResizeItem(a.foot, promptRows, 0)
	a.foot.SwitchToPage(promptFoot)
	a.loop.SetFocus(a.input)
}

// oneLine puts the lines of a text behind each other: there is room for one.
func oneLine(text string) string {
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
}

// typed follows what is being typed. A mistake is told when the word is over,
// not while it is on the way.
func (a *app) typed(text string) {
	p := a.prompt
	if p == nil {
		return
	}
	if line := oneLine(text); line != text { // several were pasted
		a.input.SetText(line) // which is typed then
		return
	}
	p.choices, p.mistake = nil, nil
	if p.complete != nil {
		p.choices = p.complete(text)
	}
	if p.check != nil && len(p.choices) == 0 {
		p.mistake = p.check(text)
	}
}

// help is the line above what is typed.
func (a *app) help(width, _ int) []render.Line {
	p := a.prompt
	switch {
	case p == nil:
		return nil
	case p.mistake != nil:
		return []render.Line{render.Mistake(p.mistake, width)}
	case len(p.choices) > 0:
		return []render.Line{render.Choices(lastWords(p.choices), width)}
	}
	return []render.Line{{{Text: cmp.Or(p.help, "Enter applies, Esc leaves things as they were"), Style: render.Faint}}}
}

// answered ends the question, unless the answer is wrong.
func (a *app) answered(key tcell.Key) {
	p, text := a.prompt, a.input.GetText()
	switch key {
	case tcell.KeyTab:
		if len(p.choices) > 0 {
			a.input.SetText(p.choices[0])
		}
		return
	case tcell.KeyBacktab:
		return
	case tcell.KeyEnter:
		if p.check != nil {
			if p.mistake = p.check(text); p.mistake != nil {
				return
			}
		}
	}
	a.prompt = nil
	a.root.ResizeItem(a.foot, hintRows, 0)
	a.foot.SwitchToPage(hintsFoot)
	a.loop.SetFocus(a.body)
	if key == tcell.KeyEnter {
		p.done(text)
	}
}

// turn puts another of the choices in front.
func (p *prompt) turn(n int) {
	if k := len(p.choices); k > 0 {
		n = (n + k) % k
		p.choices = append(p.choices[n:k:k], p.choices[:n]...)
	}
}
