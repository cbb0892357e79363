package main

import (
	"strings"
	"testing"

	"github.com/mailtap/mailtap/capture"
)

// A filter is explained where it does not do what it seems to say.
func TestExplainFilter(t *testing.T) {
	ethernet, cooked := []capture.LinkType{capture.LinkEthernet}, []capture.LinkType{capture.LinkLinuxSLL}
	tests := []struct {
		expr  string
		links []capture.LinkType
		want  string
	}{
		{"", ethernet, ""},
		{"tcp port 25", ethernet, "looked at as if they had none"},
		{"tcp port 25", cooked, "fragments and tunnels match only where"},
		{"tcp port 25", append(cooked, ethernet...), "looked at as if they had none"},
		{"vlan and tcp port 25", ethernet, "what stands after 'vlan' looks behind a tag"},
		{"tcp port 25 or VLAN 12", ethernet, "what stands before it never matches a tagged frame"},
	}
	for _, tt := range tests {
		got := explainFilter(tt.expr, tt.links)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%q on %v: %q, want %q in it", tt.expr, tt.links, got, tt.want)
		}
	}
}

func TestFilterNote(t *testing.T) {
	tests := []struct {
		expr  string
		ports bool
		want  string
	}{
		{"", false, ""},
		{"host a\x1b[2J", false, `a filter was set: "host a\x1b[2J": what does not match it was not looked at`},
		{"", true, "a filter was set: --mail-ports: mail on other ports, and through proxies, was not looked at"},
		{"host a", true, `a filter was set: --mail-ports and "host a": mail in other packets, and on other ports, was not looked at`},
	}
	for _, tt := range tests {
		if got := filterNote(tt.expr, tt.ports); got != tt.want {
			t.Errorf("%q, %v: %s, want %s", tt.expr, tt.ports, got, tt.want)
		}
	}
}
