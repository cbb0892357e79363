package export

import (
	"time"

	"github.com/mailtap/mailtap/alerts"
)

// maxBars is how many bars a timeline has at most.
const maxBars = 96

// barSeconds are the widths of a bar; each is a multiple of the one before, so
// that bars can be joined. Behind them the width doubles.
var barSeconds = [...]int64{1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}

// timeline counts findings by time. Its bars become wider as time grows; they
// come out the same in whatever order findings are added.
type timeline struct {
	width  int // index of barSeconds, or behind it
	bars   map[int64]*bar
	lo, hi int64 // the first and the last bar
}

// bar counts findings by Severity.
type bar [alerts.Critical + 1]uint64

func (t *timeline) seconds(width int) int64 {
	last := len(barSeconds) - 1
	if width <= last {
		return barSeconds[width]
	}
	return barSeconds[last] << (width - last)
}

func (t *timeline) add(ns int64, s alerts.Severity) {
	i := floor(floor(ns, 1e9), t.seconds(t.width))
	if t.bars == nil {
		t.bars = make(map[int64]*bar)
		t.lo, t.hi = i, i
	}
	t.lo, t.hi = min(t.lo, i), max(t.hi, i)
	b := t.bars[i]
	if b == nil {
		b = new(bar)
		t.bars[i] = b
	}
	b[s]++
	for t.hi-t.lo >= maxBars {
		t.widen()
	}
}

// widen joins bars to those of the next width.
func (t *timeline) widen() {
	by := t.seconds(t.width+1) / t.seconds(t.width)
	t.width++
	t.lo, t.hi = floor(t.lo, by), floor(t.hi, by)
	old := t.bars
	t.bars = make(map[int64]*bar, len(old))
	for i, b := range old {
		wide := t.bars[floor(i, by)]
		if wide == nil {
			t.bars[floor(i, by)] = b
			continue
		}
		for s, n := range b {
			wide[s] += n
		}
	}
}

// floor divides, rounding down.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// start tells when a bar begins.
func (t *timeline) start(i int64) time.Time { return time.Unix(i*t.seconds(t.width), 0).UTC() }
