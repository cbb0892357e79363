package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailtap/mailtap/ui/model"
)

// pace tells how fast things come in, and what a capture loses.
func (p *page) pace(r *model.Rates) {
	if r == nil {
		return
	}
	stored := fmt.Sprintf("%s new findings and %s sessions a minute, over the last %s", rate(r.Findings), rate(r.Sessions), r.Over.Round(time.Second))
	if r.Live == nil {
		p.labelled("Pace", stored)
		return
	}
	p.labelled("Capture", strings.Join([]string{
		rate(r.Packets) + " packets/s", fmt.Sprintf("%.1f Mbit/s", r.Bits/1e6), plural(int64(r.Live.Open), "open connection"), short(int64(r.Live.Packets)) + " packets so far",
	}, ", "))
	style := Plain
	text := "no packet"
	if r.Live.Dropped > 0 {
		text = fmt.Sprintf("%s packets so far, %.1f%% of the last %s: what they held is not seen", short(int64(r.Live.Dropped)), 100*r.Dropped, r.Over.Round(time.Second))
		style = Medium
	}
	p.styled("Dropped", text, style)
	p.labelled("Pace", stored)
}

// rate writes how often something happens.
func rate(x float64) string {
	if x > 0 && x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	return short(int64(x + 0.5))
}
