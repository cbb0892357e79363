package render

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// Bar returns the lines above everything: the way to what is shown, where in
// it the selection is, what the database holds, and which one it is. Nil
// counts are still being read. ReadOnly tells that nothing can be decided. A
// capture that runs in this process has a line of its own below them, see Capture.
func Bar(database string, readOnly bool, way []string, place string, counts *store.Counts, width int) []Line {
	const name = "mailtap  "
	for i := range way {
		way[i] = clean(way[i])
	}
	crumbs := strings.Join(way, " > ")
	title := Line{{name, Strong}, {fit(crumbs, width-len(name)-1-Width(place)) + " ", Plain}, {place, Plain}}
	if counts == nil {
		return []Line{title, {{"reading " + middle(clean(database), width-len("reading ")), Faint}}, nil}
	}
	findings, sessions := Line{{"findings", Heading}}, Line{{"sessions", Heading}}
	for s := alerts.Critical; ; s-- {
		findings = append(findings, tally(counts.Findings[s], s.String(), severityStyles[s])...)
		if s == alerts.Info {
			break
		}
	}
	for _, v := range verdicts {
		sessions = append(sessions, tally(counts.Sessions[v], v.String(), verdictStyles[v])...)
	}
	if readOnly {
		findings = append(findings, Span{right("read-only", max(width-findings.width(), len("  read-only"))), Strong})
	}
	return []Line{title, findings, append(sessions, which(database, width-sessions.width()))}
}

// Capture is the line of the bar about a capture that runs in this process. Nil
// is not known yet.
func Capture(live *model.Live) Line {
	if live == nil {
		return Line{{"capture", Heading}, {"   running", Plain}}
	}
	line := append(Line{{"capture ", Heading}}, tally(int64(live.Packets), "packets", Plain)...)
	return append(append(line, tally(int64(live.Dropped), "dropped", Medium)...), tally(int64(live.Open), "open connections", Plain)...)
}

// verdicts in the order in which they are told: what to worry about first.
var verdicts = [...]alerts.Verdict{alerts.Exposed, alerts.Weak, alerts.Clear, alerts.Protected, alerts.UnknownVerdict}

// which names the database at the right, whole or its file only.
func which(database string, room int) Span {
	const space = 2
	for _, s := range []string{clean(database), clean(filepath.Base(database))} {
		if Width(s)+space <= room {
			return Span{right(s, room), Faint}
		}
	}
	return Span{}
}

func (l Line) width() (n int) {
	for _, s := range l {
		n += Width(s.Text)
	}
	return n
}

// tally is a number and what it counts. Nothing of something is no alarm.
func tally(n int64, name string, style Style) Line {
	if n == 0 {
		style = Faint
	}
	return Line{{"  " + short(n) + " ", Plain}, {name, style}}
}

// CasePlace says where the selection is among the cases, and how many of these
// are marked.
func CasePlace(l *model.List, selected, marked int) string {
	if l == nil {
		return ""
	}
	if marked > 0 {
		return fmt.Sprintf("row %d of %d, %d marked", min(selected+1, l.Len()), l.Len(), marked)
	}
	n, fit := min(selected+1, l.Len()), ""
	if q := l.Query(); q.By != model.BySeverity {
		fit = " by " + q.By.String() // the column may not be shown
	}
	if l.Query().Text != "" {
		fit += " that fit"
	}
	switch {
	case l.Cut():
		return fmt.Sprintf("row %d of the first %d%s", n, l.Len(), fit)
	case l.Cases() != l.Len():
		fit = fmt.Sprintf(", %s%s", plural(int64(l.Cases()), "case"), fit)
		fallthrough
	case fit != "":
		return fmt.Sprintf("row %d of %d%s", n, l.Len(), fit)
	}
	return fmt.Sprintf("row %d of %d, %d new", n, l.Len(), l.Counts().Cases[alerts.New])
}

// Place says where the selection is in another list. Part says which part of
// all the list is, such as "the newest"; "" is all.
func Place(selected, n int, part string, filtered bool) string {
	if part != "" {
		part += " "
	}
	text := fmt.Sprintf("row %d of %s%d", min(selected+1, n), part, n)
	if filtered {
		text += " that fit"
	}
	return text
}

// PagePlace says which of the lines of a page are on a screen of so many rows;
// "" where all are.
func PagePlace(first, rows, lines int) string {
	if rows < 1 || lines <= rows {
		return ""
	}
	first = min(first, lines-rows)
	return fmt.Sprintf("lines %d-%d of %d", first+1, first+rows, lines)
}

// Nothing says why a list of cases has no rows, and what to do about it.
// Capturing tells that a capture runs in this process.
func Nothing(l *model.List, capturing bool) []string {
	switch text := l.Query().Text; {
	case text != "" && l.Cut():
		return []string{"no case that was looked at fits " + quoted(text), "there are too many: 'mailtap findings' looks at all; Esc takes the filter away"}
	case text != "":
		return NothingFits("case", text)
	}
	if capturing {
		return []string{"the capture is running: no findings yet", "what it finds is shown here by itself"}
	}
	sessions := int64(0)
	for _, n := range l.Counts().Sessions {
		sessions += n
	}
	if sessions > 0 {
		return []string{"no findings in " + plural(sessions, "session"), "3 lists them, 1 tells how well they were seen"}
	}
	return []string{
		"no findings yet: run 'mailtap analyze FILE'",
		"or 'mailtap capture -i INTERFACE' on this database",
	}
}

// NothingFits says that a filter leaves none of a kind.
func NothingFits(kind, filter string) []string {
	return []string{"no " + kind + " fits " + quoted(filter), "Esc takes the filter away"}
}

func quoted(s string) string { return `"` + middle(clean(s), 40) + `"` }

// maxFoot is how many lines what went wrong, or what was done, may take.
const maxFoot = 3

// Problem says what went wrong.
func Problem(err error, width int) []Line { return foot("error: "+clean(err.Error()), width, Critical) }

// Said tells what was done, or why it was not.
func Said(text string, width int) []Line { return foot(clean(text), width, Good) }

// foot breaks a text into a few lines. One that is too long loses its middle: its
// end says what to do.
func foot(text string, width int, style Style) (lines []Line) {
	for _, line := range wrap(middle(text, maxFoot*width-width/2), width) {
		lines = append(lines, Line{{line, style}})
	}
	return lines[:min(len(lines), maxFoot)]
}

// Mistake is the line that says what is wrong with what was typed.
func Mistake(err error, width int) Line {
	return Line{{start(clean(err.Error()), width), Critical}}
}

// Choices is the line of what may be typed next, the chosen one in front.
func Choices(list []string, width int) Line {
	if len(list) == 0 {
		return nil
	}
	line := Line{{"Tab: ", Faint}}
	room := width - len("Tab: ") - 1 // the dots
	for i, s := range list {
		s = clean(s)
		if Width(s) > room {
			if room >= 0 {
				line = append(line, Span{"…", Faint})
			}
			break
		}
		room -= Width(s) + 2
		style := Faint
		if i == 0 {
			style = Strong
		}
		line = append(line, Span{s + "  ", style})
	}
	return line
}
