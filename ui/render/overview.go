package render

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/model"
)

// Bounds of the overview.
const (
	barRoom   = 22 // columns beside a bar: its name, count and share
	maxBar    = 100
	maxTimes  = 240 // of the timeline
	topBeside = 3   // lists beside each other
	least     = 5   // rows of each, if there is room for more than that
	most      = 20  // and however much room there is
)

// Overview returns the page that tells how things stand, for a screen of so
// many rows. The pace is nil as long as nobody can tell.
func Overview(t *model.Tally, pace *model.Rates, width, height int) []Line {
	if t == nil {
		return []Line{{{"counting ...", Faint}}}
	}
	p := &page{width: max(width, minWidth)}
	p.verdicts(t)
	p.pace(pace)
	p.add()
	p.timeline(&t.Timeline)
	p.add()
	p.cases(t)
	p.notSeen(t.Survey)
	p.add()
	rows := min(max(height-len(p.lines)-1, least), most)
	p.top(t, rows)
	return p.lines
}

// verdicts shows how many sessions came to which verdict.
func (p *page) verdicts(t *model.Tally) {
	all := int64(0)
	for _, n := range t.Counts.Sessions {
		all += n
	}
	text := "no session yet"
	if all > 0 {
		text = plural(all, "session")
	}
	switch s := t.Survey; {
	case s != nil && !s.Cut && s.Sessions > 0:
		text += ", " + during(s.First, s.Last)
	case len(t.Hours) > 0:
		text += ", " + duringHours(t.Hours)
	}
	if t.Partial {
		text += "; the newest are still being added up"
	}
	p.add(Span{start(text, p.width), Heading})
	room := min(maxBar, p.width-barRoom)
	for _, v := range verdicts {
		n := t.Counts.Sessions[v]
		share := 0.0
		if all > 0 {
			share = float64(n) / float64(all)
		}
		style := verdictStyles[v]
		if n == 0 {
			style = Faint
		}
		p.add(Span{fit(v.String(), 10), style}, Span{right(short(n), 6) + fmt.Sprintf("%4.0f%% ", 100*share), Plain}, Span{block(share, room), style})
	}
}

// block draws a bar in eighths of a column: what there is at all is seen.
func block(share float64, room int) string {
	const eighths = " ▏▎▍▌▋▊▉"
	n := int(share*float64(room)*8 + 0.5)
	if share > 0 {
		n = max(n, 1)
	}
	bar := strings.Repeat("█", n/8)
	if n%8 > 0 {
		bar += string([]rune(eighths)[n%8])
	}
	return bar
}

// during says from when to when; a day that is the same is told once.
func during(from, to int64) string {
	a, b := time.Unix(0, from).UTC(), time.Unix(0, to).UTC()
	const minutes = "2006-01-02 15:04"
	if a.Format(time.DateOnly) == b.Format(time.DateOnly) {
		return a.Format(minutes) + " to " + b.Format("15:04") + " UTC"
	}
	return a.Format(minutes) + " to " + b.Format(minutes) + " UTC"
}

// duringHours says from the begin of which hour to the end of which.
func duringHours(hours []store.Hour) string {
	last := min(hours[len(hours)-1].Begin, math.MaxInt64-int64(time.Hour)) // clocks may say anything
	return during(hours[0].Begin, last+int64(time.Hour))
}

// lasting writes a duration in its greatest unit.
func lasting(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func (p *page) cases(t *model.Tally) {
	var parts []string
	for s := alerts.New; s <= alerts.FalsePositive; s++ {
		parts = append(parts, fmt.Sprintf("%d %s", t.Counts.Cases[s], s))
	}
	p.labelled("Cases", strings.Join(parts, ", "))
}

// notSeen tells what keeps the rest from being the whole truth.
func (p *page) notSeen(s *model.Survey) {
	if s == nil {
		p.labelled("Not seen", "counting ...")
		return
	}
	var parts []string
	for _, limit := range []struct {
		n    int64
		text string
	}{
		{s.Midstream, "joined late"}, {s.OneSided, "in one direction only"}, {s.Gapped, "with lost bytes"},
		{s.Truncated, "with packets cut short"}, {s.Evicted, "ended by a limit"},
	} {
		if limit.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", limit.n, limit.text))
		}
	}
	text := "nothing is missing from any session"
	if len(parts) > 0 {
		text = "sessions " + strings.Join(parts, ", ")
	}
	if s.Cut {
		text += fmt.Sprintf("; of the newest %d sessions", s.Sessions)
	}
	if s.Sessions == 0 {
		text = "-"
	}
	p.labelled("Not seen", text)
}

func (p *page) labelled(label, text string) { p.styled(label, text, Plain) }

func (p *page) styled(label, text string, style Style) {
	const room = 10
	for _, line := range wrap(text, p.width-room) {
		p.add(Span{fit(label, room), Heading}, Span{line, style})
		label = ""
	}
}

// wordsFrom is how wide a list is that names severities. A narrower one has their
// first letters, for its names are worth more.
const wordsFrom = 34

// top shows the servers, clients and accounts with the worst findings.
func (p *page) top(t *model.Tally, rows int) {
	lists := [topBeside][]model.Subject{t.Servers, t.Clients, t.Accounts}
	heads := [topBeside]string{"Top servers", "Top clients", "Top accounts"}
	if p.width < usualWidth {
		for i := range lists {
			p.beside(heads[i:i+1], lists[i:i+1], p.width, least)
		}
		return
	}
	p.beside(heads[:], lists[:], (p.width-2*(topBeside-1))/topBeside, rows)
}

// beside shows lists of so many rows beside each other, each so wide.
func (p *page) beside(heads []string, lists [][]model.Subject, width, rows int) {
	var line Line
	for _, h := range heads {
		line = append(line, Span{fit(h, width-9) + right("findings", 9) + "  ", Heading})
	}
	p.lines = append(p.lines, line)
	for i := range rows {
		line, any := Line(nil), false
		for _, list := range lists {
			list = list[:min(len(list), rows)]
			if i >= len(list) || list[i].Total() == 0 {
				line = append(line, Span{fit("", width+2), Plain})
				continue
			}
			any = true
			line = append(append(line, one(&list[i], width, countRoom(list))...), Span{"  ", Plain})
		}
		if any {
			p.lines = append(p.lines, line)
		}
	}
}

// one is a line of a list of the worst.
func one(s *model.Subject, width, counts int) Line {
	v, _ := s.Worst()
	worst := fit(v.String(), 8)
	if width < wordsFrom {
		worst = strings.ToUpper(worst[:1])
	}
	return Line{
		{fit(name(s.Name), width-len(worst)-counts-2) + " ", Plain}, {worst, severityStyles[v]}, {" " + right(short(s.Total()), counts), Plain},
	}
}

// countRoom is the room that the numbers of a list need.
func countRoom(list []model.Subject) (n int) {
	for i := range list {
		n = max(n, len(short(list[i].Total())))
	}
	return n
}
