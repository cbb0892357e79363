package view

import (
	"strings"

	"github.com/mailtap/mailtap/ui/render"
)

func (a *app) showHelp() {
	if a.top().on != helpScreen {
		a.push(&place{on: helpScreen, title: "help"})
	}
}

// helpLines is the page that tells the keys.
func (a *app) helpLines() []render.Line {
	lines := []render.Line{{{Text: "Keys", Style: render.Heading}}}
	row := func(name, does string) {
		lines = append(lines, render.Line{
			{Text: "  " + name + strings.Repeat(" ", max(1, 14-len(name))), Style: render.Strong},
			{Text: does},
		})
	}
	for _, b := range a.bindings {
		row(b.name, b.does+where(b.on))
	}
	lines = append(lines, nil, render.Line{{Text: "Commands, behind a colon", Style: render.Heading}})
	var names []string
	for _, v := range views {
		names = append(names, v.name)
	}
	lines = append(lines, render.Line{{Text: "  " + strings.Join(names, "  "), Style: render.Strong}})
	for _, c := range commands {
		row(c.name, c.does)
	}
	for _, text := range helpText {
		style := render.Plain
		if text != "" && text[0] != ' ' {
			style = render.Heading
		}
		lines = append(lines, render.Line{{Text: text, Style: style}})
	}
	return lines
}

// where says on which screens a key works that does not on most.
func where(s screen) string {
	switch s {
	case casesScreen:
		return " (cases)"
	case caseScreen:
		return " (open case)"
	case triaged:
		return " (cases)"
	case rulesScreen:
		return " (rules)"
	}
	return ""
}

// helpText is what else there is to know, for 80 columns.
var helpText = []string{
	"",
	"Mouse",
	"  A click selects a row or sorts by a head, a double click opens, the wheel",
	"  scrolls. Hold Shift to mark text.",
	"",
	"Filter",
	"  severity>=high status:new,acknowledged server:10.0.0.0/8 -rule:tls joe",
	"  Terms hold together; commas part alternatives; a minus turns a term round; a",
	"  word alone is looked for in rule, server, client and account. Quotes keep",
	`  spaces, and =joe is the whole of a name. Times: 2026-11-21, or 2h, 3d ago.`,
	"  Cases     severity status rule server client account protocol count first",
	"            last",
	"  Sessions  verdict server client account protocol carried mechanism banner",
	"            limit start",
	"  Others    name worst findings sessions exposed weak clear protected unknown",
	"            last",
	"",
	"Rows",
	"  Cases of one cause are one row: +2 says that it stands for two more, because",
	"  no session had the one without the other. A decision on the row is one on all",
	"  of them. Where STATUS is one column wide, it shows the key that decided, or !",
	"  where a case is new again.",
	"",
	"Severities",
	"  critical  a reusable secret was readable",
	"  high      a message was readable, or somebody attacked the encryption",
	"  medium    something weakens the protection",
	"  low       hygiene",
	"  info      context",
}
