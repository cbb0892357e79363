package render

import (
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// Bar returns the lines above everything: the database, what it holds, and
// where in the list the selection is. A nil list is still being read.
func Bar(database string, l *model.List, selected, width int) []Line {
	title := Line{{"mailtap ", Strong}}
	if l == nil {
		return []Line{append(title, Span{middle(clean(database), width-len("mailtap ")), Plain}), {{"reading ...", Faint}}, nil}
	}
	place := position(l, selected)
	path := fit(clean(database), width-len("mailtap ")-1-len(place))
	title = append(title, Span{path + " ", Plain}, Span{place, Plain})
	c := l.Counts()
	findings, sessions := Line{{"findings", Heading}}, Line{{"sessions", Heading}}
	for s := alerts.Critical; ; s-- {
		findings = append(findings, tally(c.Findings[s], s.String(), severityStyles[s])...)
		if s == alerts.Info {
			break
		}
	}
	for _, v := range []alerts.Verdict{alerts.Exposed, alerts.Weak, alerts.Clear, alerts.Protected, alerts.UnknownVerdict} {
		sessions = append(sessions, tally(c.Sessions[v], v.String(), verdictStyles[v])...)
	}
	return []Line{title, findings, sessions}
}

// tally is a number and what it counts. Nothing of something is no alarm.
func tally(n int64, name string, style Style) Line {
	if n == 0 {
		style = Faint
	}
	return Line{{"  " + short(n) + " ", Plain}, {name, style}}
}

// position says where the selection is among the cases.
func position(l *model.List, selected int) string {
	place := fmt.Sprintf("case %d of %d", min(selected+1, l.Len()), l.Len())
	switch {
	case l.Cut():
		return place + "+ that fit"
	case l.Text() != "":
		return place + " that fit"
	}
	return fmt.Sprintf("%s, %d new", place, l.Counts().Cases[alerts.New])
}

// Nothing says why a list has no rows, and what to do about it.
func Nothing(l *model.List) []string {
	switch {
	case l == nil:
		return nil
	case l.Text() != "":
		return []string{
			fmt.Sprintf("no case has %s in its rule, server, client or account", quoted(l.Text())),
			"Esc shows all cases again",
		}
	}
	return []string{
		"no findings yet: run 'mailtap analyze FILE'",
		"or 'mailtap capture -i INTERFACE' on this database",
	}
}

func quoted(s string) string { return `"` + middle(clean(s), 40) + `"` }

// Problem is the line that says what went wrong.
func Problem(err error, width int) Line {
	return Line{{middle("error: "+clean(err.Error()), width), Critical}}
}
