package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// maxNames is how many names of a certificate are shown.
const maxNames = 10

// Session returns the page of a session.
func Session(t *model.Transcript, width int) []Line {
	p := &page{width: min(max(width, minWidth), maxWidth)}
	f := t.Session.Facts
	id := t.Session.ID.String()
	verdict := t.Session.Verdict
	p.add(Span{fit(verdict.String(), p.width-len(id)), verdictStyles[verdict]}, Span{id, Faint})
	p.text("", fmt.Sprintf("%s from %s to %s.", strings.ToUpper(f.Protocol.String()), f.Client, f.Server), Strong)
	p.add()
	p.text("", fmt.Sprintf("%s UTC, for %s; %s, %d bytes from the client, %d from the server.", moment(f.Start), lasting(time.Unix(0, f.End).Sub(time.Unix(0, f.Start))),
		plural(int64(f.Packets), "packet"), f.Bytes[dissect.Client], f.Bytes[dissect.Server]), Plain)
	if limits := limitsOf(f); len(limits) > 0 {
		p.text("", "Not all of it was seen: "+strings.Join(limits, ", ")+".", Plain)
	}
	p.facts(f)
	p.others("Findings", t.Findings)
	p.head("What was said (> marks evidence, >> what settled a finding; times are UTC)")
	if len(t.Lines) == 0 {
		p.text("  ", "nothing that is kept: only the lines around evidence are", Faint)
	}
	p.dialogue(t)
	return p.lines
}

// Rule returns the page of a rule.
func Rule(s *model.Subject, width int) []Line {
	p := &page{width: min(max(width, minWidth), maxWidth)}
	r := s.Rule()
	p.text("", name(s.Name), Strong)
	p.text("", clean(s.About), Plain)
	p.add()
	p.text("", plural(s.Total(), "finding")+", the last "+moment(s.Last)+" UTC.", Plain)
	if r == nil {
		p.text("", "This program does not have the rule any more.", Faint)
		return p.lines
	}
	p.section("Why it matters", r.Why)
	p.section("Who can exploit it", r.Who.String())
	p.section("What to do", r.Fix)
	p.settings(serverHead, r.Config, "")
	p.settings(clientHead, r.Clients, "")
	p.section("To read", strings.Join(r.Refs, "; "))
	return p.lines
}

// facts tells what is known of a session's encryption, and of its two programs.
func (p *page) facts(f *dissect.Facts) {
	p.head("What is known of the session")
	p.fact("STARTTLS", startTLS(f))
	p.fact("TLS", tlsOf(f))
	if f.TLS != nil && f.TLS.Certificate != nil {
		p.fact("certificate", certificateOf(f.TLS.Certificate))
	}
	p.fact("banner", f.Banner)
	p.fact("client", f.Hello)
	p.fact("mechanisms", strings.Join(f.Offer.Mechanisms, " "))
}

// fact adds a line, unless it has nothing to say.
func (p *page) fact(label, text string) {
	const room = 12
	if text == "" {
		return
	}
	for _, line := range wrap(clean(text), p.width-room-2) {
		p.add(Span{"  " + fit(label, room), Faint}, Span{line, Plain})
		label = ""
	}
}

// startTLS says what became of STARTTLS.
func startTLS(f *dissect.Facts) string {
	if f.Transport == dissect.TLS {
		return "not needed: TLS from the first byte"
	}
	s := &f.STARTTLS
	text := map[dissect.Answer]string{
		dissect.Yes: "offered", dissect.No: "not offered", dissect.Unknown: "not known whether it was offered",
	}[s.Offered]
	if !s.Requested {
		return text + ", not asked for"
	}
	return text + ", asked for" + map[dissect.Answer]string{
		dissect.Yes: ", agreed to", dissect.No: ", refused", dissect.Unknown: ", no answer seen",
	}[s.Accepted]
}

func tlsOf(f *dissect.Facts) string {
	t := f.TLS
	if t == nil {
		return "none"
	}
	var parts []string
	for _, s := range []string{t.Version, t.Cipher, t.Group} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if t.DHBits > 0 {
		parts = append(parts, fmt.Sprintf("DH of %d bits", t.DHBits))
	}
	if t.SNI != "" {
		parts = append(parts, "for "+t.SNI)
	}
	if t.Alert != "" {
		ended := fmt.Sprintf("ended by the %s with %s", t.AlertSide, t.Alert)
		if t.Forsaken {
			ended += " after the server had closed"
		}
		parts = append(parts, ended)
	}
	if !t.Established {
		parts = append(parts, "not established")
	}
	return strings.Join(parts, ", ")
}

func certificateOf(c *dissect.Certificate) string {
	day := func(s int64) string { return time.Unix(s, 0).UTC().Format(time.DateOnly) }
	text := fmt.Sprintf("%s, by %s, %s to %s, %s, %s", c.Subject, c.Issuer, day(c.NotBefore), day(c.NotAfter), c.Key, c.Signature)
	if c.SelfSigned {
		text = fmt.Sprintf("%s, self-signed, %s to %s, %s, %s", c.Subject, day(c.NotBefore), day(c.NotAfter), c.Key, c.Signature)
	}
	if n := min(len(c.Names), maxNames); n > 0 {
		text += "; names " + strings.Join(c.Names[:n], " ")
	}
	return text
}

// others lists findings of a session.
func (p *page) others(head string, findings []alerts.Finding) {
	if len(findings) == 0 {
		return
	}
	p.head(head)
	for i := range findings {
		f := &findings[i]
		severity := fit(f.Severity.String(), 8)
		for _, line := range wrap(clean(f.Rule)+": "+clean(f.Why), p.width-len(severity)-4) {
			p.add(Span{"  " + severity + "  ", severityStyles[f.Severity]}, Span{line, Plain})
			severity = fit("", len(severity))
		}
	}
}
