package export

import (
	"maps"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// The chart's measures, in units of its view box.
const (
	chartWidth  = 960
	chartHeight = 160 // of the highest bar
	minPiece    = 2   // a piece is seen, however few it counts
)

// chart is a timeline as a picture: bars of pieces, one a severity.
type chart struct {
	Width, Height, Base int
	Bars                []chartBar
	From, To            string
	Most                uint64 // findings of the highest bar
	Step                string // what a bar stands for
}

type chartBar struct {
	X, Y, Width, Height int
	Title               string
	Pieces              []chartPiece
}

type chartPiece struct {
	Y, Height int
	Severity  string
}

// newChart draws a timeline; nil where it is empty.
func newChart(t *timeline) *chart {
	if len(t.bars) == 0 {
		return nil
	}
	c := &chart{
		Width: chartWidth, Height: chartHeight + 1, Base: chartHeight,
		From: minutes(t.start(t.lo).UnixNano()), To: minutes(t.start(t.hi + 1).UnixNano()), Step: span(t.seconds(t.width)),
	}
	for _, b := range t.bars {
		c.Most = max(c.Most, total(b))
	}
	n := t.hi - t.lo + 1
	width := min(chartWidth/int(n), chartWidth/12)
	for _, i := range slices.Sorted(maps.Keys(t.bars)) {
		x := int((i - t.lo) * chartWidth / n)
		c.Bars = append(c.Bars, c.bar(t.bars[i], x, width, minutes(t.start(i).UnixNano())))
	}
	return c
}

func (c *chart) bar(b *bar, x, width int, when string) chartBar {
	out := chartBar{X: x, Y: c.Base, Width: max(1, width-1), Title: when + " UTC: "}
	words := ""
	for s := len(b) - 1; s >= 0; s-- {
		if b[s] == 0 {
			continue
		}
		height := max(minPiece, int(b[s]*(chartHeight-minPiece*uint64(len(b)))/c.Most))
		out.Y -= height
		out.Height += height
		out.Pieces = append(out.Pieces, chartPiece{out.Y, height, alerts.Severity(s).String()})
		if words != "" {
			words += ", "
		}
		words += grouped(b[s]) + " " + alerts.Severity(s).String()
	}
	out.Title += words
	return out
}

func total(b *bar) (n uint64) {
	for _, one := range b {
		n += one
	}
	return n
}

// span names a bar's width: "one hour", "5 minutes".
func span(seconds int64) string {
	for _, unit := range [...]struct {
		seconds int64
		name    string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}} {
		switch n := seconds / unit.seconds; n {
		case 0:
		case 1:
			return "one " + unit.name
		default:
			return grouped(int(n)) + " " + unit.name + "s"
		}
	}
	return ""
}
