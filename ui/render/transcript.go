package render

import (
	"fmt"
	"path"
	"time"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// Columns of a transcript. Text gets what is left.
const (
	proofWidth = 5 // ">> C "
	indent     = 4 // of what the server said, so that the sides stand apart
	leastPlace = 18
	timeWidth  = len("15:04:05.000")
)

// transcript shows a session as a dialogue, the lines that prove the case
// marked.
func (p *page) transcript(t *model.Transcript) {
	f := t.Session.Facts
	p.head(fmt.Sprintf("Evidence of %s (> marks it, >> what settled it; times are UTC)", time.Unix(0, f.Start).UTC().Format(time.DateOnly)))
	about := fmt.Sprintf("%s from %s to %s, %s, %s; %s", f.Protocol, f.Client, f.Server, f.Transport, t.Session.Verdict, t.Session.ID)
	p.text("  ", about, Faint)
	for _, found := range t.Findings {
		p.text("  ", clean(found.Why), Plain)
	}
	p.dialogue(t)
}

// dialogue shows what is kept of the words of both sides.
func (p *page) dialogue(t *model.Transcript) {
	place := max(leastPlace, p.width/5)
	room := p.width - proofWidth - indent - place - timeWidth - 2
	if p.width < usualWidth {
		place, room = 0, p.width-proofWidth-indent-1
	}
	for i := range t.Lines {
		p.spoken(&t.Lines[i], room, place)
	}
	if t.Left > 0 {
		p.text("    ", fmt.Sprintf("and %s more", plural(int64(t.Left), "line")), Faint)
	}
}

// spoken shows one line: "> C AUTH LOGIN      monday.pcap:8 22:13:20.160". With
// no room for a place it is the words alone.
func (p *page) spoken(l *model.Line, room, place int) {
	mark, side, before, after := "  ", "C ", 0, indent
	style := Client
	switch {
	case l.Tells:
		mark = ">>"
	case l.Proof:
		mark = "> "
	}
	if l.Side == dissect.Server {
		side, before, after, style = "S ", indent, 0, Server
	}
	from := ""
	if place > 0 {
		from = fit(location(l), place) + " " + time.Unix(0, l.Time).UTC().Format("15:04:05.000")
	}
	for _, text := range wrap(clean(l.Text), room) {
		p.add(Span{mark + " ", Strong}, Span{fit("", before) + side, style}, Span{fit(text, room+after) + " ", style}, Span{from, Faint})
		mark, side, from = "  ", "  ", ""
	}
}

// location names the packet that brought a line. Where the file lies is left
// out: its name tells more in the same room.
func location(l *model.Line) string {
	packet := fmt.Sprintf(":%d", l.Packet)
	if l.File == "" {
		return "packet " + packet[1:]
	}
	return clean(path.Base(l.File)) + packet
}
