package policy_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

// FuzzParse: whatever the file, its mistakes stand in it, an empty line above
// it only moves them by one, and a policy without mistakes keeps its bounds
// and can be asked anything.
func FuzzParse(f *testing.F) {
	f.Add(policy.Example)
	for _, seed := range []string{
		"[[host]]\nrequire = \"none\"\n[host]\n[host.x]\nhost = 1\n",
		"tls-ports = [25\n[[host]]", "a.b.c = {d = [[1]]}\r\n", "local-domains = \"\"\"\nx\"\"\"\nx = 1979-05-27 07:32:00Z",
		"[[severity]]\nrule = \"crackable-auth\"\nseverity = \"low\"\nhours = \"23:59-00:00\"", "\"\" = ''\n\xff",
	} {
		f.Add(seed)
	}
	session := facts(login(2, "PLAIN", dissect.Accepted), message(3), overTLS("TLS 1.0"))
	f.Fuzz(func(t *testing.T, in string) {
		p, err := policy.Parse("p.toml", []byte(in), ids)
		below, errBelow := policy.Parse("p.toml", []byte("\n"+in), ids)
		if err != nil {
			checkMistakes(t, in, err, errBelow)
			return
		}
		if errBelow != nil && len(in) < policy.MaxFile {
			t.Fatalf("with an empty line above: %v", errBelow)
		}
		checkPolicy(t, p, session)
		if len(in) < policy.MaxFile {
			moveDown(p)
			if diff := cmp.Diff(p, below, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
				t.Errorf("with an empty line above (-without +with)\n%s", diff)
			}
		}
	})
}

// moveDown moves every row by a line.
func moveDown(p *policy.Policy) {
	for i := range p.Hosts {
		p.Hosts[i].At.Line++
	}
	for i := range p.Exceptions {
		p.Exceptions[i].At.Line++
	}
	for i := range p.Severities {
		p.Severities[i].At.Line++
	}
}

func checkMistakes(t *testing.T, in string, err, below error) {
	var mistakes, moved policy.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) == 0 || len(mistakes) > policy.MaxMistakes+1 {
		t.Fatalf("%T with %d mistakes", err, len(mistakes))
	}
	if len(in) >= policy.MaxFile {
		return
	}
	lines := strings.Split(in, "\n")
	for i, m := range mistakes {
		if m.At.Line < 1 || m.At.Line > len(lines) || m.At.Column < 1 || m.At.Column > len(lines[m.At.Line-1])+1 {
			t.Errorf("%v is not in the file", m)
		}
		if i > 0 && (m.At.Line < mistakes[i-1].At.Line) {
			t.Errorf("%v stands behind %v", m, mistakes[i-1])
		}
		if strings.ContainsFunc(m.Text, unicode.IsControl) || len(m.Text) > 2000 {
			t.Errorf("%q", m.Text)
		}
	}
	if !errors.As(below, &moved) || len(moved) != len(mistakes) {
		t.Fatalf("with an empty line above: %v", below)
	}
	for i, m := range mistakes {
		m.At.Line++
		if moved[i].At != m.At {
			t.Errorf("with an empty line above: %v, want place %v", moved[i], m.At)
		}
	}
}

func checkPolicy(t *testing.T, p *policy.Policy, session *dissect.Facts) {
	if n := len(p.Hosts) + len(p.Exceptions) + len(p.Severities); n > policy.MaxRows {
		t.Errorf("%d rows", n)
	}
	for _, n := range []int{len(p.LocalDomains), len(p.TrustedNetworks), len(p.TLSPorts)} {
		if n > policy.MaxList {
			t.Errorf("%d values", n)
		}
	}
	for _, e := range p.Exceptions {
		if len(e.Rules) == 0 || e.Reason == "" || e.Until.IsZero() {
			t.Errorf("exception without a rule, a reason or an end: %+v", e)
		}
	}
	d := p.Decide(session)
	for _, b := range d.Breaks {
		if d.Host == nil || b.Why == "" {
			t.Errorf("break %+v of row %+v", b, d.Host)
		}
	}
	p.Exception(session, ids[0], "joe")
	p.Severity(session, ids[0], alerts.High)
	p.Shadowed()
	p.Expired(time.Unix(0, 0))
}
