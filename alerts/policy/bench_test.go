package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(policy.Example)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse("p.toml", []byte(policy.Example), ids); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseLarge reads as many rows as there may be.
func BenchmarkParseLarge(b *testing.B) {
	large := []byte(hosts(policy.MaxRows))
	b.SetBytes(int64(len(large)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse("p.toml", large, ids); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkShadowedLarge(b *testing.B) {
	p, err := policy.Parse("p.toml", []byte(hosts(policy.MaxRows)), ids)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if told := p.Shadowed(); told != nil {
			b.Fatal(told)
		}
	}
}

// BenchmarkDecide judges a session that keeps to the policy, whose row is the
// last of n.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{5, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, err := policy.Parse("p.toml", []byte(hosts(n-1)+"[[host]]\nrequire = \"auth-and-encrypt\"\ntls-minimum = \"TLS 1.2\"\n"), ids)
			if err != nil {
				b.Fatal(err)
			}
			f := facts(overTLS("TLS 1.3"))
			b.ReportAllocs()
			for b.Loop() {
				if d := p.Decide(f); d.Host == nil || d.Breaks != nil {
					b.Fatal(d)
				}
			}
		})
	}
}

// TestDecideAllocates nothing for a session that keeps to the policy.
func TestDecideAllocates(t *testing.T) {
	p := parse(t,
		"[[host]]", `name = "*.partner.example"`, `require = "none"`,
		"[[host]]", `require = "encryption"`, `tls-minimum = "TLS 1.2"`,
	)
	f := facts(banner("[CAPABILITY IMAP4rev1] mail.example.com ready"), overTLS("TLS 1.3", func(t *dissect.TLSFacts) {
		t.SNI, t.Certificate = "mail.example.com", &dissect.Certificate{Subject: "CN=mail.example.com,O=Example"}
	}))
	if n := testing.AllocsPerRun(100, func() { p.Decide(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// hosts writes n rows, each for another server.
func hosts(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[host]]\nserver = \"172.16.%d.%d\"\nname = \"s%d.example.com\"\nport = [25, 587]\nrequire = \"encryption\"\n", i/256, i%256, i)
	}
	return b.String()
}
