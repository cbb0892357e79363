package render

import (
	"fmt"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
)

// maxShown is how many changes of a case are shown, the last.
const maxShown = 20

// fixed says whether the case was seen to be fixed.
func (p *page) fixed(d *model.Detail) {
	a := &d.After
	if a.Last == 0 {
		p.text("", "Is it fixed? No traffic since, which does not mean that it is.", Plain)
		return
	}
	text := fmt.Sprintf("Is it fixed? Since then %s protected, %d unknown", plural(a.Protected, "session"), a.Unknown)
	if a.Other > 0 {
		text += fmt.Sprintf(", %d not protected", a.Other)
	}
	style := Plain
	if a.Protected > 0 && a.Unknown == 0 && a.Other == 0 {
		style = Good
	}
	p.text("", text+fmt.Sprintf("; the last at %s UTC.", moment(a.Last)), style)
}

// changes tells what was done about a case.
func (p *page) changes(d *model.Detail) {
	if len(d.Changes) == 0 {
		return
	}
	left := max(0, len(d.Changes)-maxShown)
	head := "What was done about it (UTC)"
	if left > 0 {
		head += fmt.Sprintf(", the last %d of %d changes", maxShown, len(d.Changes))
	}
	p.head(head)
	for i := range d.Changes[left:] {
		c := &d.Changes[left+i]
		at := moment(c.At)
		for _, line := range wrap(changed(c), p.width-len(at)-4) {
			p.add(Span{"  " + at + "  ", Faint}, Span{line, Plain})
			at = fit("", len(at))
		}
	}
}

func changed(c *alerts.Change) string {
	text := (&alerts.Case{Status: c.Status, ResolvedAt: c.ResolvedAt, Expires: c.Expires}).Standing(moment) + ", by " + clean(c.Who)
	if c.Who == "" {
		text = fmt.Sprintf("%s: %s, by a finding", c.Status, c.Reopened)
	}
	if c.Reason != "" {
		text += ": " + clean(c.Reason)
	}
	if c.Note != "" {
		text += " (note: " + clean(c.Note) + ")"
	}
	if c.UndoneBy != "" {
		text += fmt.Sprintf(", undone by %s %s", clean(c.UndoneBy), moment(c.UndoneAt))
	}
	return text
}

var ways = [...]string{
	model.NotOffered: "STARTTLS not offered", model.Offered: "STARTTLS offered, not used",
	model.Upgraded: "STARTTLS used", model.Implicit: "TLS from the first byte",
}

// past tells what the server offered over time.
func (p *page) past(d *model.Detail) {
	if len(d.Past.Stretches) == 0 {
		return
	}
	p.head("Encryption at " + clean(d.Case.Server) + " over time (UTC), by sessions")
	for _, s := range d.Past.Stretches {
		when := moment(s.From)
		if s.To != s.From {
			when += " to " + moment(s.To)
		}
		style := Good
		if s.Way < model.Upgraded {
			style = Medium
		}
		if p.width < usualWidth {
			p.text("  ", fmt.Sprintf("%s, %s: %s", when, plural(int64(s.Sessions), "session"), ways[s.Way]), style)
			continue
		}
		const whenWidth, countWidth = 2*len(time.DateTime) + len(" to "), 5
		p.add(Span{"  " + fit(when, whenWidth), Faint}, Span{right(short(int64(s.Sessions)), countWidth) + "  ", Plain},
			Span{start(ways[s.Way], p.width-whenWidth-countWidth-4), style})
	}
	if d.Past.Cut {
		p.add(Span{"  and before that what is not shown here", Faint})
	}
}
