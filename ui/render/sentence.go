package render

import (
	"fmt"
	"strconv"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
)

// sentence says what happened in the newest finding of a case.
func sentence(d *model.Detail) string {
	if len(d.Findings) == 0 {
		return clean(d.Case.Server) + ": " + clean(d.Case.Title) + "."
	}
	f := &d.Findings[0]
	if len(d.Transcripts) > 0 && d.Transcripts[0].Session.ID == f.Session {
		facts := d.Transcripts[0].Session.Facts
		if a := attempt(d, f, facts); a != nil {
			return login(f, a)
		}
		if s := mail(f, facts); s != "" {
			return s
		}
	}
	return fmt.Sprintf("%s: %s (%s).", parties(f), clean(f.Title), clean(f.Why))
}

// attempt returns the login that a finding is about, or nil.
func attempt(d *model.Detail, f *alerts.Finding, facts *dissect.Facts) *dissect.Attempt {
	if d.Rule == nil || d.Rule.Group != rules.Credential || f.Blame != alerts.BlameClient && f.Blame != alerts.BlameAccount {
		return nil
	}
	var found *dissect.Attempt
	for _, a := range facts.Auth {
		same := a.Account == f.Account && a.HasAccount == f.HasAccount
		if same && (found == nil || a.Outcome == dissect.Accepted && found.Outcome != dissect.Accepted) {
			found = a
		}
	}
	return found
}

func login(f *alerts.Finding, a *dissect.Attempt) string {
	did := map[dissect.Outcome]string{
		dissect.Accepted:       "logged in to",
		dissect.Rejected:       "tried to log in to",
		dissect.Cancelled:      "began to log in to",
		dissect.OutcomeUnknown: "sent a login to",
	}[a.Outcome]
	account := ""
	if a.HasAccount {
		account = " as " + name(a.Account)
	}
	s := fmt.Sprintf("%s %s %s%s %s.", f.Client.Addr(), did, f.Server, account, exposure(a))
	if a.Outcome == dissect.Rejected && alerts.LeakOf(a.Mechanism).Reusable() {
		s += " The server refused, but the secret has been shown all the same."
	}
	return s
}

// exposure says what an onlooker has from a login.
func exposure(a *dissect.Attempt) string {
	switch alerts.LeakOf(a.Mechanism) {
	case alerts.PasswordLeak:
		return "with a password that everybody on the path could read"
	case alerts.EncodedLeak:
		return "with a password that everybody on the path could read: BASE64 is not encryption"
	case alerts.TokenLeak:
		return "with an access token that everybody on the path could read and use"
	case alerts.CrackableLeak:
		return "by " + clean(a.Mechanism) + ", from which everybody on the path could guess the password offline"
	}
	return "by " + clean(a.Mechanism) + ", on a session that everybody on the path could read"
}

// mail tells of readable messages, where they are what the finding counts.
func mail(f *alerts.Finding, facts *dissect.Facts) string {
	if len(facts.Messages) == 0 || len(f.Detail) == 0 || f.Detail[0].Key != "messages" {
		return ""
	}
	what := "a message"
	if n := len(facts.Messages); n > 1 {
		what = strconv.Itoa(n) + " messages"
	}
	m := facts.Messages[0]
	if m.HasFrom && len(m.To) > 0 {
		what += " (from " + name(m.From) + " to " + name(m.To[0])
		if len(m.To) > 1 || len(facts.Messages) > 1 {
			what += " and others"
		}
		what += ")"
	}
	return fmt.Sprintf("%s and %s exchanged %s that everybody on the path could read.", f.Client.Addr(), f.Server, what)
}

// parties names who has to change something, and who was with them.
func parties(f *alerts.Finding) string {
	switch f.Blame {
	case alerts.BlameServer:
		return fmt.Sprintf("%s, used by %s", f.Server, f.Client.Addr())
	case alerts.BlamePath:
		return fmt.Sprintf("between %s and %s", f.Client.Addr(), f.Server)
	}
	return fmt.Sprintf("%s at %s", f.Client.Addr(), f.Server)
}

// name writes an account or address; an empty one is seen, too.
func name(s string) string {
	if s == "" {
		return `""`
	}
	return clean(s)
}
