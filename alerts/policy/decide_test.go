package policy_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

// breaks writes what a session breaks, with the packets that tell.
func breaks(d policy.Decision) (lines []string) {
	for _, b := range d.Breaks {
		line := fmt.Sprintf("%s: %s:", b.Requirement, b.Why)
		for _, q := range b.Quotes {
			line += fmt.Sprintf(" %d", q.Stamp.Packet)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDecide(t *testing.T) {
	const (
		auth     = "[[host]]\nrequire = \"authentication\""
		encrypt  = "[[host]]\nrequire = \"encryption\""
		both     = "[[host]]\nrequire = \"auth-and-encrypt\""
		none     = "[[host]]\nrequire = \"none\""
		minimum  = "[[host]]\ntls-minimum = \"TLS 1.2\""
		allowed  = "[[host]]\nmechanisms = [\"scram-sha-256\", \"GSSAPI\"]"
		accepted = dissect.Accepted
		rejected = dissect.Rejected
		unknown  = dissect.OutcomeUnknown
	)
	alert := func(t *dissect.TLSFacts) { t.Established, t.Alert = false, "protocol_version" }
	unfinished := func(t *dissect.TLSFacts) { t.Established = false }
	noStamp := func(t *dissect.TLSFacts) { t.Seen = dissect.TLSSeen{} }
	preauth := func(f *dissect.Facts) { f.Preauth = new(dissect.Quote) }
	dropped := func(f *dissect.Facts) { f.Dropped = 1 }
	unquoted := func(f *dissect.Facts) {
		for _, m := range f.Messages {
			m.Quotes = nil
		}
		for _, a := range f.Auth {
			a.Quotes = nil
		}
	}
	tests := []struct {
		name   string
		policy string
		facts  *dissect.Facts
		want   []string
	}{
		// authentication
		{"message without a login", auth, facts(message(3)), []string{"authentication: 1 message without a login: 3"}},
		{"messages before a login", auth, facts(message(4), message(3), login(5, "PLAIN", accepted), message(6)),
			[]string{"authentication: 2 messages without a login: 3 4"}},
		{"message after a rejected login", auth, facts(login(2, "PLAIN", rejected), message(3)),
			[]string{"authentication: 1 message without a login: 3"}},
		{"message whose lines are not kept", auth, facts(message(3), unquoted), []string{"authentication: 1 message without a login:"}},
		{"command without a login", auth, facts(command(2)), []string{"authentication: a command on mail without a login: 2"}},
		{"message inside a session that then goes on in TLS", auth, facts(message(3), overTLS("TLS 1.2")),
			[]string{"authentication: 1 message without a login: 3"}},
		{"message after a login", auth, facts(login(2, "PLAIN", accepted), message(3)), nil},
		{"message in the packet of the login", auth, facts(login(2, "PLAIN", accepted), message(2)), nil},
		{"message after a login without an answer", auth, facts(login(2, "PLAIN", unknown), message(3)), nil},
		{"login whose lines are not kept", auth, facts(login(2, "PLAIN", accepted), message(3), unquoted), nil},
		{"clock set back before the message", auth, facts(login(5, "PLAIN", accepted), message(3), captured(9)), nil},
		{"clock set back before the login", auth, facts(message(6), login(3, "PLAIN", accepted)), nil},
		{"message in the file before", auth, facts(login(5, "PLAIN", accepted), message(3), captured(9), inFile(1)),
			[]string{"authentication: 1 message without a login: 9"}},
		{"command that was refused until a login came", auth, facts(command(2), login(3, "PLAIN", accepted), message(4)), nil},
		{"command before STARTTLS", auth, facts(command(2), overTLS("TLS 1.2")), nil},
		{"PREAUTH", auth, facts(preauth, message(3)), nil},
		{"attempts were dropped", auth, facts(message(3), dropped), nil},
		{"login alone", auth, facts(login(2, "PLAIN", rejected)), nil},
		{"nothing said", auth, facts(), nil},
		{"joined late", auth, facts(flags(dissect.Midstream), message(3)), nil},
		{"one side", auth, facts(flags(dissect.OneSided), message(3)), nil},
		{"bytes lost", auth, facts(flags(dissect.Gap), message(3)), nil},
		{"evicted", auth, facts(flags(dissect.Evicted), command(3)), nil},
		{"packets cut", auth, facts(flags(dissect.Truncated), message(3)), nil},
		{"other flags change nothing", auth, facts(flags(dissect.Duplicated|dissect.NonStandardPort|dissect.Conflict), message(3)),
			[]string{"authentication: 1 message without a login: 3"}},

		// encryption
		{"login in clear", encrypt, facts(login(2, "LOGIN-CMD", accepted)), []string{"encryption: LOGIN-CMD without TLS: 2"}},
		{"rejected login in clear", encrypt, facts(login(2, "PLAIN", rejected)), []string{"encryption: PLAIN without TLS: 2"}},
		{"message in clear", encrypt, facts(command(2), message(3)), []string{"encryption: 1 message without TLS: 3"}},
		{"logins and messages", encrypt, facts(message(9), login(4, "PLAIN", rejected), login(2, "PLAIN", rejected), login(5, "LOGIN", accepted)),
			[]string{"encryption: PLAIN, LOGIN, 1 message without TLS: 2 4 5 9"}},
		{"login in clear, then TLS", encrypt, facts(login(2, "PLAIN", rejected), overTLS("TLS 1.3")), []string{"encryption: PLAIN without TLS: 2"}},
		{"login that was accepted without an account", encrypt, facts(empty(2, "GSSAPI", accepted)), []string{"encryption: GSSAPI without TLS: 2"}},
		{"login in clear, joined late", encrypt, facts(flags(dissect.Midstream), login(2, "PLAIN", unknown)), []string{"encryption: PLAIN without TLS: 2"}},
		{"login in clear, one side", encrypt, facts(flags(dissect.OneSided), login(2, "PLAIN", unknown)), []string{"encryption: PLAIN without TLS: 2"}},
		{"login in clear, bytes lost", encrypt, facts(flags(dissect.Gap), login(2, "PLAIN", unknown)), []string{"encryption: PLAIN without TLS: 2"}},
		{"login in clear, evicted", encrypt, facts(flags(dissect.Evicted), login(2, "PLAIN", unknown)), []string{"encryption: PLAIN without TLS: 2"}},
		{"TLS", encrypt, facts(overTLS("TLS 1.2")), nil},
		{"TLS that was not finished", encrypt, facts(overTLS("TLS 1.2", unfinished)), nil},
		{"refused before anything was said", encrypt, facts(empty(2, "PLAIN", rejected)), nil},
		{"given up before anything was said", encrypt, facts(empty(2, "DIGEST-MD5", dissect.Cancelled)), nil},
		{"command alone", encrypt, facts(command(2)), nil},
		{"joined late, nothing seen", encrypt, facts(flags(dissect.Midstream)), nil},

		// auth-and-encrypt
		{"both broken", both, facts(message(3)),
			[]string{"authentication: 1 message without a login: 3", "encryption: 1 message without TLS: 3"}},
		{"login, but in clear", both, facts(login(2, "PLAIN", accepted), message(3)), []string{"encryption: PLAIN, 1 message without TLS: 2 3"}},
		{"both kept", both, facts(overTLS("TLS 1.2")), nil},
		{"none", none, facts(message(3), overTLS("SSL 2.0")), nil},

		// tls-minimum
		{"TLS 1.1", minimum, facts(overTLS("TLS 1.1")), []string{"tls-minimum: TLS 1.1 was agreed on, the minimum is TLS 1.2: 6"}},
		{"SSL 2.0, whose end is not seen", minimum, facts(overTLS("SSL 2.0", unfinished)),
			[]string{"tls-minimum: SSL 2.0 was agreed on, the minimum is TLS 1.2: 6"}},
		{"packet not known", minimum, facts(overTLS("TLS 1.0", noStamp)), []string{"tls-minimum: TLS 1.0 was agreed on, the minimum is TLS 1.2:"}},
		{"TLS 1.2", minimum, facts(overTLS("TLS 1.2")), nil},
		{"TLS 1.3", minimum, facts(overTLS("TLS 1.3")), nil},
		{"refused by an alert", minimum, facts(overTLS("TLS 1.0", alert)), nil},
		{"version not seen", minimum, facts(overTLS("")), nil},
		{"version from the future", minimum, facts(overTLS("TLS 1.4")), nil},
		{"no TLS", minimum, facts(login(2, "PLAIN", accepted)), nil},

		// mechanisms
		{"others", allowed, facts(login(3, "LOGIN", rejected), login(2, "PLAIN", accepted), login(4, "LOGIN", accepted)),
			[]string{"mechanisms: not allowed: LOGIN, PLAIN: 2 3 4"}},
		{"one of two", allowed, facts(login(2, "SCRAM-SHA-256", rejected), login(3, "PLAIN", accepted)), []string{"mechanisms: not allowed: PLAIN: 3"}},
		{"allowed", allowed, facts(login(2, "SCRAM-SHA-256", accepted), empty(3, "GSSAPI", accepted)), nil},
		{"a name that goes on", allowed, facts(login(2, "SCRAM-SHA-256-PLUS", accepted)), []string{"mechanisms: not allowed: SCRAM-SHA-256-PLUS: 2"}},
		{"other, but nothing said", allowed, facts(empty(2, "NTLM", rejected)), nil},
		{"TLS hides it", allowed, facts(overTLS("TLS 1.2")), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := parse(t, tt.policy).Decide(tt.facts)
			if d.Host == nil {
				t.Fatal("no row applies")
			}
			if diff := cmp.Diff(tt.want, breaks(d)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestBreakBounds: a session with thousands of logins breaks in a few words.
func TestBreakBounds(t *testing.T) {
	f := facts()
	for i := range 1000 {
		login(int64(1000-i), fmt.Sprintf("X-%d", i), dissect.Rejected)(f)
		message(int64(i))(f)
	}
	p := parse(t, "[[host]]", `require = "auth-and-encrypt"`, `mechanisms = "PLAIN"`)
	for _, b := range p.Decide(f).Breaks {
		if len(b.Quotes) != 8 || len(b.Why) > 100 {
			t.Errorf("%s: %d quotes, %q", b.Requirement, len(b.Quotes), b.Why)
		}
		for i := 1; i < len(b.Quotes); i++ {
			if b.Quotes[i-1].Stamp.Time > b.Quotes[i].Stamp.Time {
				t.Errorf("%s: quote %d is out of order", b.Requirement, i)
			}
		}
	}
}

func TestFirstRow(t *testing.T) {
	p := parse(t,
		"[[host]]", // line 1
		`port = 25`,
		`require = "none"`,
		"[[host]]", // line 4
		`name = "mx.partner.example"`,
		`require = "authentication"`,
		`tls-minimum = "TLS 1.3"`,
		"[[host]]", // line 8
		`client = "10.0.0.0/8"`,
		`require = "encryption"`,
		`tls-minimum = "TLS 1.2"`,
	)
	clear := login(2, "PLAIN", dissect.Accepted)
	late := []change{flags(dissect.Midstream), banner("")}
	tests := []struct {
		name  string
		facts *dissect.Facts
		line  int // 0: none
		want  []string
	}{
		{"the first ends it", facts(between("10.0.0.5:4", "10.0.0.9:25"), clear), 1, nil},
		{"by name", facts(banner("mx.partner.example IMAP4"), clear), 4, nil},
		{"by client", facts(clear), 8, []string{"encryption: PLAIN without TLS: 2"}},
		{"none", facts(between("192.0.2.5:4", "10.0.0.9:143"), clear), 0, nil},
		{"the name was missed: the row before may let it be", facts(append(late, clear)...), 8, nil},
		{"the name was missed: both rows are broken", facts(append(late, overTLS("TLS 1.1"))...), 8,
			[]string{"tls-minimum: TLS 1.1 was agreed on, the minimum is TLS 1.2: 6"}},
		{"the name was missed, and no row is certain", facts(append(late, between("192.0.2.5:4", "10.0.0.9:143"), overTLS("TLS 1.1"))...), 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := p.Decide(tt.facts)
			line := 0
			if d.Host != nil {
				line = d.Host.At.Line
			}
			if line != tt.line {
				t.Errorf("row of line %d applies, want %d", line, tt.line)
			}
			if diff := cmp.Diff(tt.want, breaks(d)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
