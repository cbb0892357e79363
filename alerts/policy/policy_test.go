package policy_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

func TestException(t *testing.T) {
	p := parse(t,
		"[[exception]]", // line 1
		`rule   = ["cleartext-password", "base64-password"]`,
		`server = "10.0.0.9"`,
		`account = "joe"`,
		`reason = "old phone"`,
		`until  = 2026-03-31`,
		"[[exception]]", // line 7
		`rule   = "cleartext-password"`,
		`name   = "mx.example"`,
		`reason = "being replaced"`,
		`owner  = "post office"`,
		`until  = 2026-04-30`,
	)
	day := func(month time.Month, day, hour int) change {
		return func(f *dissect.Facts) {
			f.Start = time.Date(2026, month, day, hour, 59, 59, 999999999, time.UTC).UnixNano()
		}
	}
	tests := []struct {
		name          string
		facts         *dissect.Facts
		rule, account string
		line          int // 0: none
	}{
		{"all matches", facts(), "cleartext-password", "joe", 1},
		{"second rule", facts(), "base64-password", "joe", 1},
		{"another rule", facts(), "crackable-auth", "joe", 0},
		{"another account", facts(), "cleartext-password", "jo", 0},
		{"without an account", facts(), "cleartext-password", "", 0},
		{"another server", facts(between("10.0.0.5:4", "10.0.0.8:143")), "cleartext-password", "joe", 0},
		{"last moment", facts(day(3, 31, 23)), "cleartext-password", "joe", 1},
		{"the day after", facts(day(4, 1, 0)), "cleartext-password", "joe", 0},
		{"the next row", facts(banner("mx.example")), "cleartext-password", "ann", 7},
		{"the next row, when the first is over", facts(day(4, 1, 0), banner("mx.example")), "cleartext-password", "joe", 7},
		{"both are over", facts(day(5, 1, 0), banner("mx.example")), "cleartext-password", "joe", 0},
		{"name not known", facts(banner(""), flags(dissect.Midstream)), "cleartext-password", "ann", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line := 0
			if e := p.Exception(tt.facts, tt.rule, tt.account); e != nil {
				line = e.At.Line
			}
			if line != tt.line {
				t.Errorf("exception of line %d, want %d", line, tt.line)
			}
		})
	}
	second := p.Exceptions[1]
	if second.Reason != "being replaced" || second.Owner != "post office" || second.Until.Format(time.DateOnly) != "2026-04-30" {
		t.Errorf("it tells %+v", second)
	}
}

func TestSeverity(t *testing.T) {
	p := parse(t,
		"[[severity]]",
		`rule = ["message-in-clear", "base64-password"]`,
		`client = "10.0.99.0/24"`,
		`severity = "info"`,
		"[[severity]]",
		`rule = "message-in-clear"`,
		`severity = "critical"`,
		"[[severity]]",
		`rule = "crackable-auth"`,
		`name = "mx.example"`,
		`severity = "low"`,
	)
	lab := between("10.0.99.5:4", "10.0.0.9:143")
	tests := []struct {
		name  string
		facts *dissect.Facts
		rule  string
		want  alerts.Severity
	}{
		{"by client", facts(lab), "base64-password", alerts.Info},
		{"another client", facts(), "base64-password", alerts.High},
		{"the first counts", facts(lab), "message-in-clear", alerts.Info},
		{"everywhere", facts(), "message-in-clear", alerts.Critical},
		{"another rule", facts(lab), "cleartext-password", alerts.High},
		{"by name", facts(banner("mx.example")), "crackable-auth", alerts.Low},
		{"name not known", facts(banner(""), flags(dissect.Midstream)), "crackable-auth", alerts.High},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Severity(tt.facts, tt.rule, alerts.High); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestOurs(t *testing.T) {
	p := parse(t,
		`local-domains = ["example.com", "*.example.org"]`,
		`trusted-networks = ["10.0.0.0/8", "2001:db8::/32"]`,
		`tls-ports = 10465`,
	)
	for domain, want := range map[string]bool{
		"example.com": true, "EXAMPLE.com.": true, "a.example.org": true,
		"a.example.com": false, "example.org": false, "notexample.com": false, "": false,
	} {
		if got := p.Local(domain); got != want {
			t.Errorf("%q local: %v, want %v", domain, got, want)
		}
	}
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "2001:db8::1": true, "11.0.0.1": false, "2001:db9::1": false,
	} {
		if got := p.Trusted(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s trusted: %v, want %v", addr, got, want)
		}
	}
	if p.Trusted(netip.Addr{}) {
		t.Error("no address is trusted")
	}
	for port, want := range map[uint16]bool{465: true, 993: true, 995: true, 10465: true, 25: false, 0: false} {
		if got := p.TLSPort(port); got != want {
			t.Errorf("port %d: %v, want %v", port, got, want)
		}
	}
}
