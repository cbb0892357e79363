package judge_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

// parsed reads a policy that has no mistakes.
func parsed(t *testing.T, lines ...string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("p.toml", []byte(strings.Join(lines, "\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// found names what a session gives of one rule: "severity why".
func found(p *policy.Policy, rule string, f *dissect.Facts) (lines []string) {
	j := judge.New(func(r alerts.Result) {
		for _, one := range r.Findings {
			if one.Rule == rule {
				lines = append(lines, one.Severity.String()+" "+one.Why)
			}
		}
	})
	j.Policy = p
	j.Session(f)
	j.Close()
	return lines
}

const (
	outside = "198.51.100.7"
	inside  = "192.0.2.5"
)

// delivery is a message that was taken at a server for a recipient.
func delivery(client, server, to string, changes ...change) *dissect.Facts {
	f := session(0, client, dissect.SMTP, 25, mail)
	f.Server = netip.MustParseAddrPort(server)
	f.Messages[0].To, f.Messages[0].Outcome = []string{to}, dissect.Accepted
	for _, c := range changes {
		c(f)
	}
	return f
}

func TestOpenRelay(t *testing.T) {
	const ours, theirs = "192.0.2.9:25", "203.0.113.9:25"
	const asks = "joe%there.example@here.example"
	all := []string{`local-domains = ["here.example", "branch.example"]`, `trusted-networks = "192.0.2.0/24"`}
	high := []string{"high SMTP without a login, message from outside for a domain that is not ours accepted"}
	info := []string{"info SMTP without a login, message for another domain accepted"}
	for _, tt := range []struct {
		name   string
		policy []string // nil: none
		facts  *dissect.Facts
		want   []string
	}{
		{"relayed", all, delivery(outside, ours, "joe@there.example"), high},
		{"one-of-several", all, delivery(outside, ours, "ann@here.example", func(f *dissect.Facts) {
			f.Messages[0].To = append(f.Messages[0].To, "joe@there.example")
		}), high},
		{"login-rejected", all, delivery(outside, ours, "joe@there.example", rejected("joe", "1")), high},
		{"named-by-its-greeting", all, delivery(outside, theirs, "joe@there.example", banner("mx.here.example ESMTP")), high},
		{"client-behind-a-proxy", all, delivery(inside, ours, "joe@there.example", func(f *dissect.Facts) {
			f.Signs = &dissect.Signs{RealClient: outside + ":5"}
		}), []string{high[0] + "; the proxy speaks for " + outside + ":5"}},
		{"to-a-local-domain", all, delivery(outside, ours, "joe@branch.example"), nil},
		{"to-a-local-domain-in-other-letters", all, delivery(outside, ours, "joe@BRANCH.example"), nil},
		{"from-our-network", all, delivery(inside, ours, "joe@there.example"), nil},
		{"mail-that-goes-out", all, delivery(inside, theirs, "joe@there.example"), nil},
		{"between-others", all, delivery(outside, theirs, "joe@there.example"), nil},
		{"logged-in", all, delivery(outside, ours, "joe@there.example", accepted("joe", "1")), nil},
		{"refused", all, delivery(outside, ours, "joe@there.example", func(f *dissect.Facts) { f.Messages[0].Outcome = dissect.Rejected }), nil},
		{"part-not-seen", all, delivery(outside, ours, "joe@there.example", flags(dissect.Gap)), nil},
		{"no-domain", all, delivery(outside, ours, "postmaster"), nil},
		{"address-for-a-domain", all, delivery(outside, ours, "joe@[192.0.2.9]"), nil},
		{"asks-for-another", all, delivery(outside, ours, asks), info},
		{"asks-for-a-local-domain", all, delivery(outside, ours, "joe%branch.example@here.example"), nil},
		{"asks-and-no-policy", nil, delivery(outside, ours, "joe%branch.example@here.example"), info},
		{"no-policy", nil, delivery(outside, ours, "joe@there.example"), nil},
		{"no-domain-named", all[1:], delivery(outside, ours, "joe@there.example"), nil},
		{"no-domain-named-and-asks", all[1:], delivery(outside, ours, asks), info},
		{"private-addresses-are-ours", all[:1], delivery("10.0.0.5", "10.0.0.9:25", "joe@there.example"), nil},
		{"from-outside-to-a-private-one", all[:1], delivery(outside, "10.0.0.9:25", "joe@there.example"), high},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p *policy.Policy
			if tt.policy != nil {
				p = parsed(t, tt.policy...)
			}
			if diff := cmp.Diff(tt.want, found(p, "open-relay", tt.facts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTLSPort(t *testing.T) {
	p := parsed(t, "tls-ports = [10465, 10993]")
	at := func(port uint16, changes ...change) *dissect.Facts {
		return session(0, outside, dissect.SMTP, port, append([]change{list(false)}, changes...)...)
	}
	for _, tt := range []struct {
		name, rule string
		policy     *policy.Policy
		facts      *dissect.Facts
		want       []string
	}{
		{"readable", "clear-on-tls-port", p, at(10465), []string{"high readable SMTP on port 10465"}},
		{"one-of-the-usual", "clear-on-tls-port", p, at(465), []string{"high readable SMTP on port 465"}},
		{"another-port", "clear-on-tls-port", p, at(10466), nil},
		{"no-policy", "clear-on-tls-port", nil, at(10465), nil},
		{"in-tls", "clear-on-tls-port", p, at(10465, func(f *dissect.Facts) { f.Transport = dissect.TLS }), nil},
		{"starttls-has-no-place", "starttls-not-offered", p, at(10465, mail), nil},
		{"starttls-has-one", "starttls-not-offered", p, at(587, mail), []string{"high SMTP list without STARTTLS, then used in clear"}},
		{"nobody-says-it-has-none", "starttls-not-offered", nil, at(10465, mail), []string{"high SMTP list without STARTTLS, then used in clear"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, found(tt.policy, tt.rule, tt.facts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A policy that takes the place of another holds from the next session on.
func TestPolicyChanges(t *testing.T) {
	findings := 0
	j := judge.New(func(r alerts.Result) {
		for _, f := range r.Findings {
			if f.Rule == "clear-on-tls-port" {
				findings++
			}
		}
	})
	f := session(0, outside, dissect.SMTP, 10465, list(false))
	for i, want := range []int{0, 1, 1} {
		j.Policy = []*policy.Policy{nil, parsed(t, "tls-ports = 10465"), parsed(t, "tls-ports = 10466")}[i]
		j.Session(f)
		if findings != want {
			t.Errorf("with policy %d: %d findings, want %d", i, findings, want)
		}
	}
}
