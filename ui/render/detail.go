package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// maxRows is how many findings of a case are listed one by one.
const maxRows = 20

// page collects lines that are at most width columns wide.
type page struct {
	lines []Line
	width int
}

// Bounds of the width that a page is laid out for: narrower screens cut it, and
// longer lines are hard to read. Below the usual one, half of a usual screen,
// things stand below each other, and a transcript has words only.
const (
	minWidth   = 40
	usualWidth = 60
	maxWidth   = 120
)

// Detail returns the page of a case: what happened, why it matters, what to do,
// and the proof.
func Detail(d *model.Detail, width int) []Line {
	p := &page{width: min(max(width, minWidth), maxWidth)}
	p.title(d)
	p.text("", sentence(d), Strong)
	p.seen(d)
	p.accounts(d)
	p.fixed(d)
	if r := d.Rule; r != nil {
		p.section("Why it matters", r.Why)
		p.section("Who can exploit it", r.Who.String())
		p.section("What to do", r.Fix)
	}
	software := softwareOf(d)
	if r := d.Rule; r != nil && software != "" {
		p.settings(serverHead+", "+software+" by its own words", r.Config, software)
	}
	for i := range d.Transcripts {
		t := &d.Transcripts[i]
		p.transcript(t)
		p.facts(t.Session.Facts)
		p.others("The same session is also in", t.Others)
	}
	p.findings(d)
	p.changes(d)
	p.past(d)
	if r := d.Rule; r != nil {
		if software == "" {
			p.settings(serverHead, r.Config, "")
		}
		p.settings(clientHead, r.Clients, "")
		p.section("To read", strings.Join(r.Refs, "; "))
	}
	return p.lines
}

// softwareOf returns the name of the server's program where a banner tells one
// that the rule has settings for, else "".
func softwareOf(d *model.Detail) string {
	if d.Rule == nil {
		return ""
	}
	for i := range d.Transcripts {
		f := d.Transcripts[i].Session.Facts
		words := strings.ToLower(f.Banner)
		if f.Signs != nil {
			for _, id := range f.Signs.ServerID {
				words += " " + strings.ToLower(id.Value)
			}
		}
		for _, s := range d.Rule.Config {
			if program := programOf(s.Key); strings.Contains(words, strings.ToLower(program)) {
				return program
			}
		}
	}
	return ""
}

// programOf returns the first word of "Dovecot 2.3" or "Postfix, submission".
func programOf(key string) string {
	program, _, _ := strings.Cut(key, " ")
	return strings.TrimSuffix(program, ",")
}

func (p *page) add(spans ...Span) { p.lines = append(p.lines, spans) }

// text adds a clean text, each of its lines behind the indent.
func (p *page) text(indent, s string, style Style) {
	for _, line := range wrap(s, p.width-len(indent)) {
		p.add(Span{indent + line, style})
	}
}

func (p *page) head(s string) {
	p.add()
	p.text("", s, Heading)
}

func (p *page) section(head, text string) {
	p.head(head)
	p.text("  ", text, Plain)
}

func (p *page) title(d *model.Detail) {
	k := &d.Case
	state := k.Standing(moment)
	severity := k.Severity.String()
	id := k.ID.String()
	if p.width < usualWidth {
		p.add(Span{severity, severityStyles[k.Severity]}, Span{"  " + start(clean(k.Title), p.width-len(severity)-2), Plain})
		p.text("", state, Strong)
		p.text("", clean(k.Rule), Plain)
		p.add(Span{id, Faint})
	} else {
		room := p.width - len(severity) - len(state) - 4
		p.add(Span{severity, severityStyles[k.Severity]}, Span{"  " + fit(start(clean(k.Title), room), room) + "  ", Plain}, Span{state, Strong})
		p.add(Span{fit(clean(k.Rule), p.width-len(id)-1) + " ", Plain}, Span{id, Faint})
	}
	if k.Note != "" {
		p.text("", "note: "+clean(k.Note), Plain)
	}
	p.exception(d)
	p.add()
}

// exception tells that the policy accepts what was found: it counts all the
// same.
func (p *page) exception(d *model.Detail) {
	reason, n := "", 0
	for i := range d.Findings {
		if r := export.Excepted(&d.Findings[i]); r != "" {
			n++
			reason = cmp.Or(reason, r)
		}
	}
	if n == 0 {
		return
	}
	text := "exception of the policy: " + clean(reason)
	if n < len(d.Findings) {
		text += fmt.Sprintf(" (%d of the newest %d findings)", n, len(d.Findings))
	}
	p.text("", text, Plain)
}

// Heads of settings.
const (
	serverHead = "Settings of the server"
	clientHead = "Settings of mail programs"
)

// settings shows what to set, program by program, or for one of them.
func (p *page) settings(head string, settings []dissect.Pair, software string) {
	if len(settings) == 0 {
		return
	}
	p.head(head)
	names := 0
	for _, s := range settings {
		names = max(names, Width(s.Key))
	}
	last := ""
	for _, s := range settings {
		if software != "" && programOf(s.Key) != software {
			continue
		}
		shown := s.Key
		if shown == last {
			shown = ""
		}
		last = s.Key
		for _, line := range wrap(s.Value, p.width-names-4) {
			p.add(Span{"  " + fit(shown, names) + "  ", Faint}, Span{line, Plain})
			shown = ""
		}
	}
}

func (p *page) seen(d *model.Detail) {
	k := &d.Case
	text := fmt.Sprintf("%s in %s", plural(k.Findings, "finding"), plural(k.Sessions, "session"))
	switch {
	case k.Findings > 1:
		text += fmt.Sprintf(", first %s, last %s UTC", moment(k.First), moment(k.Last))
	case k.Findings == 1:
		text += fmt.Sprintf(", at %s UTC", moment(k.Last))
	}
	p.text("", text+".", Plain)
}

// maxAccounts is how many accounts of a case are named.
const maxAccounts = 10

// accounts names them where a case is about more than one: each has to change
// its password.
func (p *page) accounts(d *model.Detail) {
	var names []string
	for i := range d.Findings {
		if f := &d.Findings[i]; f.HasAccount && !slices.Contains(names, name(f.Account)) {
			names = append(names, name(f.Account))
		}
	}
	if len(names) < 2 {
		return
	}
	text := "Accounts: "
	if n := len(d.Findings); int64(n) < d.Case.Findings {
		text = fmt.Sprintf("Accounts of the newest %d findings: ", n)
	}
	shown := names[:min(len(names), maxAccounts)]
	text += strings.Join(shown, ", ")
	if left := len(names) - len(shown); left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	p.text("", text+".", Plain)
}

func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.FormatInt(n, 10) + " " + thing + "s"
}

// findings lists the newest ones, for a case may have many clients.
func (p *page) findings(d *model.Detail) {
	if len(d.Findings) < 2 {
		return
	}
	shown := d.Findings[:min(len(d.Findings), maxRows)]
	p.head(fmt.Sprintf("Newest findings, %d of %d", len(shown), d.Case.Findings))
	for i := range shown {
		f := &shown[i]
		text := f.Client.String() + "  "
		if f.HasAccount {
			text += name(f.Account) + "  "
		}
		stamp := moment(f.Time)
		p.add(Span{"  " + stamp + "  ", Faint}, Span{start(text+clean(f.Why), p.width-len(stamp)-4), Plain})
	}
}
