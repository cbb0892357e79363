package policy_test

import (
	"testing"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

func proxied(client string) change {
	return func(f *dissect.Facts) { f.Signs = &dissect.Signs{RealClient: client} }
}

func TestOwn(t *testing.T) {
	domains := parse(t, `local-domains = "example.com"`)
	networks := parse(t, `local-domains = "example.com"`, `trusted-networks = ["192.0.2.0/24", "10.0.0.0/8"]`)
	const outside = "198.51.100.7:4"
	tests := []struct {
		name           string
		policy         *policy.Policy
		facts          *dissect.Facts
		server, client bool
	}{
		{"by network", networks, facts(between("192.0.2.5:4", "192.0.2.9:25"), banner("")), true, true},
		{"outside of it", networks, facts(between(outside, "198.51.100.9:25"), banner("")), false, false},
		{"private, and others are named", networks, facts(between("172.16.0.5:4", "192.168.0.9:25"), banner("")), false, false},
		{"private, and none is named", domains, facts(between("172.16.0.5:4", "192.168.0.9:25"), banner("")), true, true},
		{"private address of IPv6", domains, facts(between("[fd00::5]:4", "[fd00::9]:25"), banner("")), true, true},
		{"public, and none is named", domains, facts(between(outside, "198.51.100.9:25"), banner("")), false, false},
		{"by name", domains, facts(between(outside, "198.51.100.9:25"), banner("mx1.mail.example.com ready")), true, false},
		{"by the domain itself", domains, facts(between(outside, "198.51.100.9:25"), banner("example.com ready")), true, false},
		{"another name", domains, facts(between(outside, "198.51.100.9:25"), banner("mx.notexample.com ready")), false, false},
		{"behind a proxy", networks, facts(between("10.0.0.1:4", "10.0.0.9:25"), proxied(outside)), true, false},
		{"from ours behind a proxy", networks, facts(between("10.0.0.1:4", "10.0.0.9:25"), proxied("192.0.2.5")), true, true},
		{"behind a proxy that says nothing", networks, facts(between("10.0.0.1:4", "10.0.0.9:25"), proxied("unknown")), true, false},
		{"no policy", nil, facts(), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.policy.OwnServer(tt.facts); got != tt.server {
				t.Errorf("server is ours: %v, want %v", got, tt.server)
			}
			if got := tt.policy.OwnClient(tt.facts); got != tt.client {
				t.Errorf("client is ours: %v, want %v", got, tt.client)
			}
		})
	}
}
