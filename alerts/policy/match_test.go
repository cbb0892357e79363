package policy_test

import (
	"testing"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

// TestMatch asks whether a row applies to a session.
func TestMatch(t *testing.T) {
	sni := func(name string) change {
		return overTLS("TLS 1.2", func(t *dissect.TLSFacts) { t.SNI = name })
	}
	certificate := func(c dissect.Certificate) change {
		return overTLS("TLS 1.2", func(t *dissect.TLSFacts) { t.Certificate = &c })
	}
	smtp := speaks(dissect.SMTP)
	tests := []struct {
		name  string
		row   string
		facts *dissect.Facts
		want  bool
	}{
		{"everything", ``, facts(), true},
		{"server", `server = "10.0.0.9"`, facts(), true},
		{"another server", `server = "10.0.0.8"`, facts(), false},
		{"the client is no server", `server = "10.0.0.5"`, facts(), false},
		{"network of servers", `server = ["192.0.2.0/24", "10.0.0.8/30"]`, facts(), true},
		{"behind the network", `server = "10.0.0.0/29"`, facts(), false},
		{"IPv4 in IPv6", `server = "10.0.0.9"`, facts(between("[::ffff:10.0.0.5]:4", "[::ffff:10.0.0.9]:143")), true},
		{"IPv4 in IPv6 in the policy", `server = "::ffff:10.0.0.9"`, facts(), true},
		{"IPv6", `server = "2001:db8::/32"`, facts(between("[2001:db8::1]:4", "[2001:db8:1::9]:143")), true},
		{"IPv6 with a zone", `client = "fe80::/10"`, facts(between("[fe80::1%eth0]:4", "[fe80::9%eth0]:143")), true},
		{"client", `client = "10.0.0.0/8"`, facts(), true},
		{"another client", `client = "10.0.0.6"`, facts(), false},
		{"port", `port = [110, 143]`, facts(), true},
		{"the client's port", `port = 40122`, facts(), false},
		{"protocol", `protocol = ["pop3", "imap"]`, facts(), true},
		{"another protocol", `protocol = "smtp"`, facts(), false},
		{"protocol not known", `protocol = "smtp"`, facts(speaks(dissect.NoProtocol)), false},
		{"all that is asked", "server = \"10.0.0.9\"\nclient = \"10.0.0.5\"\nport = 143", facts(), true},
		{"all but one", "server = \"10.0.0.9\"\nclient = \"10.0.0.6\"\nport = 143", facts(), false},

		{"asked for", `name = "mail.example.com"`, facts(sni("MAIL.example.com")), true},
		{"asked for with a dot", `name = "mail.example.com."`, facts(sni("mail.example.com.")), true},
		{"another one", `name = "mail.example.com"`, facts(sni("mail.example.org")), false},
		{"below", `name = "*.example.com"`, facts(sni("a.b.example.com")), true},
		{"not below itself", `name = "*.example.com"`, facts(sni("example.com")), false},
		{"only the same letters", `name = "*.example.com"`, facts(sni("badexample.com")), false},
		{"name goes on", `name = "mail.example.com"`, facts(sni("mail.example.com.evil.example")), false},
		{"certificate", `name = "mail.example.com"`, facts(certificate(dissect.Certificate{Names: []string{"a.example", "mail.example.com"}})), true},
		{"common name", `name = "mail.example.com"`, facts(certificate(dissect.Certificate{Subject: "CN=mail.example.com,O=Example"})), true},
		{"common name beside others", `name = "mail.example.com"`,
			facts(certificate(dissect.Certificate{Subject: "CN=mail.example.com", Names: []string{"a.example"}})), false},
		{"wildcard of a certificate", `name = "mail.example.com"`, facts(certificate(dissect.Certificate{Names: []string{"*.example.com"}})), false},
		{"wildcard of both", `name = "*.example.com"`, facts(certificate(dissect.Certificate{Names: []string{"*.example.com"}})), true},
		{"greeting", `name = "mx1.example.com"`, facts(smtp, banner("mx1.example.com ESMTP Postfix")), true},
		{"greeting that names another later", `name = "other.example"`, facts(smtp, banner("mx1.example.com ESMTP, see other.example")), false},
		{"greeting of IMAP", `name = "mail.example.com"`, facts(banner("[CAPABILITY IMAP4rev1] mail.example.com ready")), true},
		{"stamp of POP3", `name = "pop.example.com"`, facts(speaks(dissect.POP3), banner("ready <1896.697170952@pop.example.com>")), true},
		{"no name in the greeting", `name = "ready"`, facts(), false},

		{"hours", `hours = "08:00-18:00"`, facts(), true},
		{"begin of the hours", `hours = "12:00-18:00"`, facts(), true},
		{"end of the hours", `hours = "08:00-12:00"`, facts(), false},
		{"last minute", `hours = "08:00-12:00"`, facts(at(11, 59)), true},
		{"over midnight, late", `hours = "22:00-06:00"`, facts(at(23, 59)), true},
		{"over midnight, early", `hours = "22:00-06:00"`, facts(at(5, 59)), true},
		{"over midnight, by day", `hours = "22:00-06:00"`, facts(at(6, 0)), false},
		{"to the end of the day", `hours = "13:00-24:00"`, facts(at(23, 59)), true},
		{"before it", `hours = "13:00-24:00"`, facts(at(12, 59)), false},
		{"the whole day", `hours = "00:00-24:00"`, facts(at(0, 0)), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, "[[host]]", tt.row, `require = "encryption"`)
			if got := p.Decide(tt.facts).Host != nil; got != tt.want {
				t.Errorf("applies: %v, want %v", got, tt.want)
			}
		})
	}
}

// A name that was missed neither matches nor lets later rows decide alone.
func TestNameMissed(t *testing.T) {
	p := parse(t,
		"[[host]]", `name = "mx.example"`, `require = "none"`,
		"[[host]]", `require = "encryption"`,
	)
	for _, tt := range []struct {
		name   string
		facts  *dissect.Facts
		broken bool
	}{
		{"whole, without a name", facts(message(3)), true},
		{"in part, but the greeting was seen", facts(message(3), flags(dissect.Gap)), true},
		{"in part, without the greeting", facts(message(3), flags(dissect.Gap), banner("")), false},
		{"in part, but a name was seen", facts(message(3), flags(dissect.Gap), banner(""), overTLS("TLS 1.2", func(t *dissect.TLSFacts) { t.SNI = "a.example" })), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := p.Decide(tt.facts); d.Host == nil || len(d.Breaks) > 0 != tt.broken {
				t.Errorf("decision %+v, want broken: %v", d, tt.broken)
			}
		})
	}
}

func TestNoPolicy(t *testing.T) {
	for name, p := range map[string]*policy.Policy{"nil": nil, "empty": {}} {
		f := facts(message(3))
		if d := p.Decide(f); d.Host != nil || d.Breaks != nil {
			t.Errorf("%s: decision %+v", name, d)
		}
		if p.Exception(f, "message-in-clear", "") != nil || p.Local("example.com") || p.Trusted(f.Client.Addr()) {
			t.Errorf("%s: it says something", name)
		}
		if !p.TLSPort(993) || p.TLSPort(143) {
			t.Errorf("%s: TLS ports", name)
		}
	}
}
