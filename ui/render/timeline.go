package render

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mailtap/mailtap/ui/model"
)

// timeline draws when there were how many findings.
func (p *page) timeline(t *model.Timeline) {
	room := min(p.width, maxTimes)
	columns, step := t.Columns(room)
	from, to := t.Ends()
	if len(columns) == 0 {
		p.add(Span{"no findings", Heading})
		return
	}
	highest := slices.Max(columns)
	p.add(Span{start(fmt.Sprintf("Findings by %s (UTC), the highest %d", stepName(step), highest), p.width), Heading})
	const heights = " ▁▂▃▄▅▆▇█"
	wide := max(1, room/len(columns)/2) // few columns are drawn wider
	var b strings.Builder
	for _, n := range columns {
		b.WriteString(strings.Repeat(string([]rune(heights)[int(math.Ceil(8*float64(n)/float64(highest)))]), wide))
	}
	p.add(Span{b.String(), High})
	begin, end := stamp(from, step), stamp(to, step)
	if len(columns) > 1 && step < 24*time.Hour && begin[:len(time.DateOnly)] == end[:len(time.DateOnly)] {
		end = end[len(time.DateOnly)+1:]
	}
	if len(columns) == 1 {
		end = ""
	}
	p.add(Span{begin + right(end, max(len(columns)*wide-len(begin), len(end)+2)), Faint})
}

// stamp writes a time as exactly as steps are long.
func stamp(ns int64, step time.Duration) string {
	layout := time.DateTime
	switch {
	case step >= 24*time.Hour:
		layout = time.DateOnly
	case step >= time.Minute:
		layout = "2006-01-02 15:04"
	}
	return time.Unix(0, ns).UTC().Format(layout)
}

// stepName names the step of a timeline: "hour", "5 minutes".
func stepName(step time.Duration) string {
	for _, unit := range []struct {
		lasts time.Duration
		name  string
	}{{7 * 24 * time.Hour, "week"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := int64(step / unit.lasts); {
		case step%unit.lasts != 0 || n == 0:
		case n == 1:
			return unit.name
		default:
			return plural(n, unit.name)
		}
	}
	return step.String()
}
