package render_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/render"
)

// detailOf makes the page of a case with one finding of rule in facts.
func detailOf(rule string, facts *dissect.Facts, change func(*alerts.Finding)) *model.Detail {
	r := rules.Find(rule)
	f := alerts.Finding{
		Rule: rule, Severity: alerts.High, Blame: alerts.BlameServer, Title: "a title", Why: "the reason", Time: day.UnixNano(),
		Client: netip.MustParseAddrPort("198.51.100.7:40122"), Server: netip.MustParseAddrPort("198.51.100.25:143"),
	}
	if r != nil {
		f.Blame, f.Title = r.Blame, r.Title
	}
	change(&f)
	return &model.Detail{
		Case: alerts.Case{
			Rule: rule, Title: f.Title, Severity: f.Severity, Server: f.Server.String(), Findings: 1, Sessions: 1,
			First: f.Time, Last: f.Time,
		},
		Rule: r, Findings: []alerts.Finding{f},
		Transcripts: []model.Transcript{{Session: alerts.Session{Facts: facts}, Findings: []alerts.Finding{f}}},
	}
}

// text joins the lines of a page.
func text(lines []render.Line) string {
	var b strings.Builder
	for _, l := range lines {
		line := ""
		for _, s := range l {
			line += s.Text
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// sentence returns what a page says happened.
func sentence(d *model.Detail) string {
	all := text(render.Detail(d, 1000))
	all = all[strings.Index(all, "\n\n")+2:]
	return strings.ReplaceAll(all[:strings.Index(all, "1 finding")], "\n", " ")
}

// What a policy accepts is said on the page of the case.
func TestException(t *testing.T) {
	d := detailOf("open-relay", nil, func(f *alerts.Finding) {
		f.Detail = []dissect.Pair{{Key: "exception", Value: "until the move\x1b[2J"}}
	})
	d.Transcripts = nil
	if got := text(render.Detail(d, 80)); !strings.Contains(got, "\nexception of the policy: until the move\\x1b[2J\n") {
		t.Errorf("not told:\n%s", got)
	}
	d.Findings = append(d.Findings, alerts.Finding{Client: d.Findings[0].Client})
	if got := text(render.Detail(d, 80)); !strings.Contains(got, "(1 of the newest 2 findings)") {
		t.Errorf("not told:\n%s", got)
	}
}

func TestSentence(t *testing.T) {
	login := func(mechanism string, outcome dissect.Outcome) *dissect.Facts {
		return &dissect.Facts{Auth: []*dissect.Attempt{{Mechanism: mechanism, Account: `test\joe`, HasAccount: true, SecretSize: 8, Outcome: outcome}}}
	}
	joe := func(f *alerts.Finding) { f.Account, f.HasAccount = `test\joe`, true }
	plain := func(*alerts.Finding) {}
	messages := func(f *alerts.Finding) { f.Detail = []dissect.Pair{{Key: "messages", Value: "1"}} }
	mail := &dissect.Message{From: "a@x.example", HasFrom: true, To: []string{"b@y.example"}}
	tests := []struct {
		name   string
		rule   string
		facts  *dissect.Facts
		change func(*alerts.Finding)
		want   string
	}{
		{"imap-login", "cleartext-password", login("LOGIN-CMD", dissect.Accepted), joe,
			`198.51.100.7 logged in to 198.51.100.25:143 as test\joe with a password that everybody on the path could read.`},
		{"refused", "cleartext-password", login("USER", dissect.Rejected), joe,
			`198.51.100.7 tried to log in to 198.51.100.25:143 as test\joe with a password that everybody on the path could read. The server refused, but the secret has been shown all the same.`},
		{"unknown-outcome", "base64-password", login("PLAIN", dissect.OutcomeUnknown), joe,
			`198.51.100.7 sent a login to 198.51.100.25:143 as test\joe with a password that everybody on the path could read: BASE64 is not encryption.`},
		{"cancelled", "auth-without-encryption", login("GSSAPI", dissect.Cancelled), joe,
			`198.51.100.7 began to log in to 198.51.100.25:143 as test\joe by GSSAPI, on a session that everybody on the path could read.`},
		{"token", "cleartext-token", login("XOAUTH2", dissect.Accepted), joe,
			`198.51.100.7 logged in to 198.51.100.25:143 as test\joe with an access token that everybody on the path could read and use.`},
		{"crackable", "crackable-auth", login("CRAM-MD5", dissect.Accepted), joe,
			`198.51.100.7 logged in to 198.51.100.25:143 as test\joe by CRAM-MD5, from which everybody on the path could guess the password offline.`},
		{"another-account", "cleartext-password", login("LOGIN-CMD", dissect.Accepted), plain,
			`198.51.100.7 at 198.51.100.25:143: password sent without TLS (the reason).`},
		{"server", "starttls-not-offered", login("LOGIN-CMD", dissect.Accepted), joe,
			`198.51.100.25:143, used by 198.51.100.7: server does not offer TLS (the reason).`},
		{"path", "imap-preauth", &dissect.Facts{}, plain,
			`between 198.51.100.7 and 198.51.100.25:143: IMAP session is logged in before TLS could begin (the reason).`},
		{"message", "message-in-clear", &dissect.Facts{Messages: []*dissect.Message{mail}}, messages,
			`198.51.100.7 and 198.51.100.25:143 exchanged a message (from a@x.example to b@y.example) that everybody on the path could read.`},
		{"messages", "message-in-clear", &dissect.Facts{Messages: []*dissect.Message{mail, mail}}, messages,
			`198.51.100.7 and 198.51.100.25:143 exchanged 2 messages (from a@x.example to b@y.example and others) that everybody on the path could read.`},
		{"null-sender", "message-in-clear", &dissect.Facts{Messages: []*dissect.Message{{HasFrom: true, To: mail.To}}}, messages,
			`198.51.100.7 and 198.51.100.25:143 exchanged a message (from "" to b@y.example) that everybody on the path could read.`},
		{"rule-of-tomorrow", "a-new-rule", &dissect.Facts{}, plain,
			`198.51.100.25:143, used by 198.51.100.7: a title (the reason).`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sentence(detailOf(tt.rule, tt.facts, tt.change))
			if diff := cmp.Diff(tt.want, strings.TrimSpace(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A second attempt that succeeds is what happened.
func TestSentenceTellsTheSuccess(t *testing.T) {
	facts := &dissect.Facts{Auth: []*dissect.Attempt{{Mechanism: "USER", Outcome: dissect.Rejected}, {Mechanism: "USER", Outcome: dissect.Accepted}}}
	got := sentence(detailOf("cleartext-password", facts, func(*alerts.Finding) {}))
	if !strings.Contains(got, "logged in to 198.51.100.25:143 with a password") {
		t.Errorf("got %q", got)
	}
}

func TestDetail(t *testing.T) {
	facts := &dissect.Facts{Protocol: dissect.IMAP, Start: day.UnixNano(), Auth: []*dissect.Attempt{{Mechanism: "LOGIN-CMD", Outcome: dissect.Accepted}}}
	d := detailOf("logindisabled-ignored", facts, func(*alerts.Finding) {})
	d.Case.Status, d.Case.ResolvedAt, d.Case.Note = alerts.Resolved, day.UnixNano(), "told\x1bJoe"
	d.Case.Findings, d.Case.Sessions = 7, 2
	d.Rule = &rules.Rule{
		ID: "logindisabled-ignored", Group: rules.Credential, Who: rules.ByAnybody, Why: strings.Repeat("why ", 30), Fix: "what to do",
		Config:  []dissect.Pair{{Key: "Dovecot 2.4", Value: "ssl = required"}, {Key: "Dovecot 2.4", Value: "auth_allow_cleartext = no"}},
		Clients: []dissect.Pair{{Key: "Mutt", Value: "set ssl_force_tls = yes"}},
		Refs:    []string{"RFC 3501, section 6.2.3", "RFC 9051"},
	}
	d.Findings = append(d.Findings, d.Findings[0])
	d.Transcripts[0].Lines = []model.Line{
		{Side: dissect.Server, Time: day.UnixNano(), File: "captures/monday.pcap", Packet: 4, Text: "* CAPABILITY IMAP4rev1 LOGINDISABLED"},
		{Side: dissect.Client, Time: day.UnixNano() + 5e8, Packet: 6, Text: `a1 LOGIN "` + strings.Repeat("joe ", 9) + `" ••••••••`, Proof: true},
	}
	d.Transcripts[0].Left = 3
	want := `high  client sent its password although the serve…  resolved 2023-11-14 22:13:20
logindisabled-ignored                                 c_000000000000000000000000
note: told\x1bJoe

198.51.100.7 logged in to 198.51.100.25:143 with a password that everybody on
the path could read.
7 findings in 2 sessions, first 2023-11-14 22:13:20, last 2023-11-14 22:13:20
UTC.
Is it fixed? No traffic since, which does not mean that it is.

Why it matters
  why why why why why why why why why why why why why why why why why why why
  why why why why why why why why why why why

Who can exploit it
  Anybody who can reach the server. Nobody has to stand on the way.

What to do
  what to do

Evidence of 2023-11-14 (> marks it, >> what settled it; times are UTC)
  imap from invalid AddrPort to invalid AddrPort, plain, unknown;
  s_000000000000000000000000
  the reason
       S * CAPABILITY IMAP4rev1 LOGINDISABLED    monday.pcap:4      22:13:20.000
>  C a1 LOGIN "joe joe joe joe joe joe joe       packet 6           22:13:20.500
     joe joe " ••••••••
    and 3 lines more

What is known of the session
  STARTTLS    not known whether it was offered, not asked for
  TLS         none

Newest findings, 2 of 7
  2023-11-14 22:13:20  198.51.100.7:40122  the reason
  2023-11-14 22:13:20  198.51.100.7:40122  the reason

Settings of the server
  Dovecot 2.4  ssl = required
               auth_allow_cleartext = no

Settings of mail programs
  Mutt  set ssl_force_tls = yes

To read
  RFC 3501, section 6.2.3; RFC 9051
`
	if diff := cmp.Diff(want, text(render.Detail(d, 80))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whose passwords are known is told where it is more than one.
func TestAccounts(t *testing.T) {
	for _, tt := range []struct {
		accounts, want string
		findings       int64
	}{
		{"joe", "", 1}, {"joe joe", "", 2}, {"joe ann joe", "\nAccounts: joe, ann.\n", 3}, {"joe ann", "\nAccounts of the newest 2 findings: joe, ann.\n", 3},
		{"a b c d e f g h i j k l", "\nAccounts: a, b, c, d, e, f, g, h, i, j and 2 more.\n", 12},
	} {
		d := detailOf("base64-password", &dissect.Facts{}, func(*alerts.Finding) {})
		d.Case.Findings = tt.findings
		d.Findings = nil
		for _, account := range strings.Fields(tt.accounts) {
			d.Findings = append(d.Findings, alerts.Finding{Account: account, HasAccount: true})
		}
		got := text(render.Detail(d, 100))
		if !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, "\nAccounts") {
			t.Errorf("%s: no %q in\n%s", tt.accounts, tt.want, got)
		}
	}
}

// Lines fit the width and are harmless, whatever peers said.
func TestHostileDetail(t *testing.T) {
	for _, s := range hostile {
		facts := &dissect.Facts{
			Auth:     []*dissect.Attempt{{Mechanism: s, Account: s, HasAccount: true}},
			Messages: []*dissect.Message{{From: s, HasFrom: true, To: []string{s}}},
		}
		for _, rule := range []string{"auth-without-encryption", "message-in-clear", s} {
			d := detailOf(rule, facts, func(f *alerts.Finding) {
				f.Account, f.HasAccount, f.Why = s, true, s
				f.Detail = []dissect.Pair{{Key: "messages", Value: s}}
			})
			d.Case.Note = s
			d.Findings = append(d.Findings, d.Findings[0])
			d.Transcripts[0].Lines = []model.Line{{Text: s, File: s, Packet: 1}, {Side: dissect.Server, Text: s}}
			for _, width := range []int{40, 60, 80, 200} {
				for _, line := range render.Detail(d, width) {
					total := 0
					for _, span := range line {
						checkHarmless(t, span.Text)
						total += render.Width(span.Text)
					}
					if total > width {
						t.Errorf("%.30q: a line takes %d of %d: %q", s, total, width, line)
					}
				}
			}
		}
	}
}

// No text of a session, a case or a rule reaches a screen as it came, and no
// line is wider than the screen, whichever field it is in.
func TestHostilePages(t *testing.T) {
	for _, s := range hostile {
		var transcript model.Transcript
		var detail model.Detail
		var subject model.Subject
		fill(reflect.ValueOf(&transcript), s)
		fill(reflect.ValueOf(&detail), s)
		fill(reflect.ValueOf(&subject), s)
		subject.Name = rules.Rules[0].ID
		for _, width := range []int{0, 40, 59, 60, 80, 200} {
			pages := [][]render.Line{render.Session(&transcript, width), render.Detail(&detail, width), render.Rule(&subject, width)}
			for _, line := range slices.Concat(pages...) {
				total := 0
				for _, span := range line {
					checkHarmless(t, span.Text)
					total += render.Width(span.Text)
				}
				if total > max(width, 40) {
					t.Errorf("%.30q: a line takes %d of %d: %q", s, total, width, line)
				}
			}
		}
	}
}

// fill sets each text that v has to s, and gives each of its lists one element.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.Pointer:
		if _, rule := v.Interface().(*rules.Rule); rule {
			return // its texts are our own
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), s)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), s)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), s)
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(true)
	}
}
