package policy_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/dissect"
)

func TestParse(t *testing.T) {
	got := parse(t,
		`local-domains = ["Example.COM.", "*.example.com"] # ours`,
		`tls-ports = [10_465, 0x7cd]`,
		`trusted-networks = "10.0.0.0/8"`,
		``,
		`  [[host]]`,
		`server      = ["10.0.0.9", "10.0.0.0/24"]`,
		`client      = "2001:db8::/32"`,
		`port        = 25`,
		`protocol    = ["lmtp", "smtp"]`,
		`name        = "*.example.com"`,
		`hours       = "22:30-24:00"`,
		`require     = "auth-and-encrypt"`,
		`tls-minimum = "TLS 1.2"`,
		`mechanisms  = ["scram-sha-256", "LOGIN-CMD"]`,
		`severity    = "critical"`,
		`[[host]]`,
		`require = "none"`,
		`[[exception]]`,
		`rule    = ["message-in-clear", "crackable-auth"]`,
		`account = "joe"`,
		`reason  = "old \"phone\""`,
		`owner   = 'post office'`,
		`until   = 2028-02-29`,
		`port    = 143`,
		`[[severity]]`,
		`rule     = "crackable-auth"`,
		`severity = "info"`,
	)
	prefixes := func(list ...string) (n []netip.Prefix) {
		for _, s := range list {
			n = append(n, netip.MustParsePrefix(s))
		}
		return n
	}
	want := &policy.Policy{
		Name:            "p.toml",
		LocalDomains:    []string{"*.example.com", "example.com"},
		TrustedNetworks: prefixes("10.0.0.0/8"),
		TLSPorts:        []uint16{1997, 10465},
		Hosts: []policy.Host{{
			At: policy.Place{Line: 5, Column: 5},
			Match: policy.Match{
				Servers: prefixes("10.0.0.0/24", "10.0.0.9/32"), Clients: prefixes("2001:db8::/32"), Ports: []uint16{25},
				Protocols: []dissect.Protocol{dissect.SMTP, dissect.LMTP}, Names: []string{"*.example.com"},
				Hours: policy.Hours{From: 22*60 + 30, To: 24 * 60},
			},
			Require:    policy.RequireAuthentication | policy.RequireEncryption,
			TLSMinimum: "TLS 1.2", Mechanisms: []string{"LOGIN-CMD", "SCRAM-SHA-256"}, Severity: alerts.Critical,
		}, {
			At: policy.Place{Line: 16, Column: 3}, Severity: alerts.High,
		}},
		Exceptions: []policy.Exception{{
			At: policy.Place{Line: 18, Column: 3}, Match: policy.Match{Ports: []uint16{143}},
			Rules: []string{"crackable-auth", "message-in-clear"}, Account: "joe", Reason: `old "phone"`, Owner: "post office",
			Until: time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC),
		}},
		Severities: []policy.Change{{At: policy.Place{Line: 25, Column: 3}, Rules: []string{"crackable-auth"}, Severity: alerts.Info}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseNothing(t *testing.T) {
	for _, in := range []string{"", "\n", "# nothing\r\n"} {
		if _, err := policy.Parse("p.toml", []byte(in), ids); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// TestMistakes holds every message to the letter.
func TestMistakes(t *testing.T) {
	const host = "[[host]]\nrequire = \"encryption\"\n"
	const exception = "[[exception]]\nrule = \"crackable-auth\"\nreason = \"r\"\nuntil = 2026-01-01\n"
	const severity = "[[severity]]\nrule = \"crackable-auth\"\nseverity = \"low\"\n"
	const hostKeys = "server, name, port, protocol, client, hours, require, tls-minimum, mechanisms, severity"
	tests := []struct {
		name, in string
		want     []string
	}{
		// keys and tables
		{"unknown key", "ports = 25", []string{`p.toml:1:1: unknown key "ports": it may be local-domains, trusted-networks, tls-ports`}},
		{"unknown key of a row", host + "  sever = \"10.0.0.9\"", []string{`p.toml:3:3: unknown key "sever" in [[host]]: it may be ` + hostKeys}},
		{"unknown key of an exception", exception + "severity = \"low\"",
			[]string{`p.toml:5:1: unknown key "severity" in [[exception]]: it may be server, name, port, protocol, client, hours, rule, account, reason, owner, until`}},
		{"unknown key of a change", severity + "until = 2026-01-01",
			[]string{`p.toml:4:1: unknown key "until" in [[severity]]: it may be server, name, port, protocol, client, hours, rule, severity`}},
		{"dotted key", host + "tls.minimum = \"TLS 1.2\"", []string{`p.toml:3:1: unknown key "tls.minimum" in [[host]]: it may be ` + hostKeys}},
		{"key too late", host + "tls-ports = 25", []string{`p.toml:3:1: tls-ports has to stand before the first row`}},
		{"unknown table", "[hosts]\nport = 25\nport = 26\n", []string{`p.toml:1:2: unknown table "hosts": it may be [[host]], [[exception]] or [[severity]]`,
			`p.toml:3:1: key port is already defined`}},
		{"table below a row", host + "[host.tls]\nminimum = 1", []string{`p.toml:3:2: unknown table "host.tls": it may be [[host]], [[exception]] or [[severity]]`}},
		{"single brackets", "[host]\nrequire = \"encryption\"", []string{`p.toml:1:2: there may be many of it: write [[host]]`}},
		{"single brackets later", host + "[host]\nport = 25\nrequire = \"none\"", []string{`p.toml:3:2: there may be many of it: write [[host]]`}},
		{"rows in line", "host = [{require = \"none\"}]", []string{`p.toml:1:1: write a row: [[host]] and its keys below`}},
		{"key twice", "[[host]]\nrequire = \"none\"\nport = 25\n\nport = 26", []string{`p.toml:5:1: "port" stands in line 3 already`}},

		// TOML
		{"syntax", "tls-ports = [25\n[[host]]", []string{`p.toml:2:1: expected ',' or ']' after array value`}},
		{"mistakes before the syntax", "x = 1\n[[exception]]\ntls = =", []string{
			`p.toml:1:1: unknown key "x": it may be local-domains, trusted-networks, tls-ports`,
			`p.toml:3:7: unexpected character U+003D '=' at start of value`}},
		{"number that is none", "tls-ports = 025", []string{`p.toml:1:13: integers cannot have leading zeroes`}},
		{"a mark of the byte order counts for nothing", "\ufeffports = 25\n# \ufeff", []string{`p.toml:1:1: unknown key "ports": it may be local-domains, trusted-networks, tls-ports`}},
		{"UTF-16", "\xff\xfe[\x00[\x00", []string{`p.toml:1:1: the file is in UTF-16: save it as UTF-8`}},
		{"UTF-16, the other way round", "\xfe\xff\x00[\x00[", []string{`p.toml:1:1: the file is in UTF-16: save it as UTF-8`}},
		{"not text", "# \xff", []string{`p.toml:1:3: invalid UTF-8 character in comment`}},

		// values
		{"no text", host + "server = 10", []string{`p.toml:3:10: server: want a text in quotes`}},
		{"empty text", host + "name = \" \"", []string{`p.toml:3:8: name: the text is empty`}},
		{"long text", exception + "owner = \"" + strings.Repeat("x", 257) + "\"", []string{`p.toml:5:9: owner: more than 256 bytes`}},
		{"control character", exception + `owner = "\u001b[2J"`, []string{`p.toml:5:9: owner: a control character`}},
		{"empty list", host + "port = []", []string{`p.toml:3:1: port: the list is empty; leave the key out if that is meant`}},
		{"list in a list", host + "port = [[25]]", []string{`p.toml:3:1: port: want a number from 1 to 65535`}},
		{"table in a list", host + "port = [{a = 1}]", []string{`p.toml:3:9: port: want a number from 1 to 65535`}},
		{"value twice", host + "port = [25, 26, 0x19]", []string{`p.toml:3:17: port: 0x19 stands there twice`}},
		{"port", host + "port = [0, 65536, -1, 2.5, \"25\", true, 65535]", []string{
			`p.toml:3:9: port: want a number from 1 to 65535`, `p.toml:3:12: port: want a number from 1 to 65535`,
			`p.toml:3:19: port: want a number from 1 to 65535`, `p.toml:3:23: port: want a number from 1 to 65535`,
			`p.toml:3:28: port: want a number from 1 to 65535`, `p.toml:3:34: port: want a number from 1 to 65535`}},
		{"network", host + `server = ["10.0.0.9/8", "10.0.0.0/33", "10.0.0", "fe80::1%eth0", "::ffff:10.0.0.0/104", "mail.example.com"]`, []string{
			`p.toml:3:11: server: "10.0.0.9/8" has bits behind its length: the network is "10.0.0.0/8"`,
			`p.toml:3:25: server: "10.0.0.0/33" is no address and no network such as "10.0.0.0/8"`,
			`p.toml:3:40: server: "10.0.0" is no address and no network such as "10.0.0.0/8"`,
			`p.toml:3:50: server: "fe80::1%eth0" is no address and no network such as "10.0.0.0/8"`,
			`p.toml:3:66: server: "::ffff:10.0.0.0/104" is no address and no network such as "10.0.0.0/8"`,
			`p.toml:3:89: server: "mail.example.com" is no address and no network such as "10.0.0.0/8"`}},
		{"name", `local-domains = ["a..b", "*", "*.", "mail.*.example", "a b", "joe@example.com", "ok.example"]`, []string{
			`p.toml:1:18: local-domains: "a..b" is no name such as "mail.example.com" or "*.example.com"`,
			`p.toml:1:26: local-domains: "*" is no name such as "mail.example.com" or "*.example.com"`,
			`p.toml:1:31: local-domains: "*." is no name such as "mail.example.com" or "*.example.com"`,
			`p.toml:1:37: local-domains: "mail.*.example" is no name such as "mail.example.com" or "*.example.com"`,
			`p.toml:1:55: local-domains: "a b" is no name such as "mail.example.com" or "*.example.com"`,
			`p.toml:1:62: local-domains: "joe@example.com" is no name such as "mail.example.com" or "*.example.com"`}},
		{"protocol", host + `protocol = "SMTP"`, []string{`p.toml:3:12: protocol: want one of smtp, lmtp, imap, pop3, managesieve, not "SMTP"`}},
		{"hours", host + `hours = "8-18"`, []string{`p.toml:3:9: hours: "8-18" is no part of the day such as "22:00-06:00"`}},
		{"hours without an end", host + `hours = "08:00"`, []string{`p.toml:3:9: hours: "08:00" is no part of the day such as "22:00-06:00"`}},
		{"hours that are none", host + `hours = "08:00-24:01"`, []string{`p.toml:3:9: hours: "08:00-24:01" is no part of the day such as "22:00-06:00"`}},
		{"hours from the day's end", host + `hours = "24:00-06:00"`, []string{`p.toml:3:9: hours: "24:00-06:00" is no part of the day such as "22:00-06:00"`}},
		{"no hours", host + `hours = "08:00-08:00"`, []string{`p.toml:3:9: hours: "08:00-08:00" is no time at all`}},
		{"require", "[[host]]\nrequire = \"tls\"", []string{`p.toml:2:11: require: want one of none, authentication, encryption, auth-and-encrypt, not "tls"`}},
		{"minimum", "[[host]]\ntls-minimum = \"1.2\"", []string{`p.toml:2:15: tls-minimum: want one of SSL 3.0, TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3, not "1.2"`}},
		{"mechanism", "[[host]]\nmechanisms = [\"CRAM MD5\", \"PLAIN\", \"plain\"]", []string{
			`p.toml:2:15: mechanisms: "CRAM MD5" is no mechanism`, `p.toml:2:36: mechanisms: "plain" stands there twice`}},
		{"severity", host + `severity = "urgent"`, []string{`p.toml:3:12: severity: want one of info, low, medium, high, critical, not "urgent"`}},
		{"rule", "[[severity]]\nrule = [\"crackable-auth\", \"no-such\"]\nseverity = \"low\"", []string{`p.toml:2:27: rule: there is no rule "no-such"`}},
		{"day in quotes", "[[exception]]\nrule = \"crackable-auth\"\nreason = \"r\"\nuntil = \"2026-01-01\"",
			[]string{`p.toml:4:9: until: want a day without quotes, such as 2030-12-31`}},
		{"day with a time", "[[exception]]\nrule = \"crackable-auth\"\nreason = \"r\"\nuntil = 2026-01-01T00:00:00Z",
			[]string{`p.toml:4:9: until: want a day without quotes, such as 2030-12-31`}},
		{"no such day", "[[exception]]\nrule = \"crackable-auth\"\nreason = \"r\"\nuntil = 2026-02-30", []string{`p.toml:4:9: until: there is no day 2026-02-30`}},
		{"columns count characters", "local-domains = [\"münchen.example\", \"a b\"]",
			[]string{`p.toml:1:37: local-domains: "a b" is no name such as "mail.example.com" or "*.example.com"`}},
		{"syntax behind such characters", "local-domains = [\"münchen.example\" \"b\"]", []string{`p.toml:1:36: expected ',' or ']' after array value`}},

		// rows
		{"wants nothing", "[[host]]\nport = 25", []string{`p.toml:1:3: [[host]] wants nothing: give it require, tls-minimum or mechanisms, or say require = "none"`}},
		{"none and more", "[[host]]\nport = 25\nrequire = \"none\"\ntls-minimum = \"TLS 1.2\"", []string{`p.toml:3:1: require = "none" contradicts the row's other requirements`}},
		{"none and a severity", "[[host]]\nrequire = \"none\"\nseverity = \"low\"", []string{`p.toml:3:1: severity means nothing beside require = "none"`}},
		{"exception lacks all", "[[exception]]\nport = 25\n" + severity, []string{
			`p.toml:1:3: [[exception]] has no rule`, `p.toml:1:3: [[exception]] has no reason`, `p.toml:1:3: [[exception]] has no until`}},
		{"change lacks all", "[[severity]]", []string{`p.toml:1:3: [[severity]] has no rule`, `p.toml:1:3: [[severity]] has no severity`}},
		{"same row", host + "port = [25, 587]\n" + host + "port = [587, 25]", []string{`p.toml:4:3: [[host]] is the same as in line 1`}},
		{"same sessions, other wish", host + "\n[[host]]\nrequire = \"authentication\"", []string{`p.toml:4:3: [[host]] contradicts line 1, which is for the same sessions`}},
		{"same sessions, other severity", host + host + "severity = \"low\"", []string{`p.toml:3:3: [[host]] contradicts line 1, which is for the same sessions`}},
		{"same exception", exception + "[[exception]]\nrule = \"crackable-auth\"\nreason = \"other\"\nuntil = 2027-01-01\n",
			[]string{`p.toml:5:3: [[exception]] is the same as in line 1`}},
		{"exception for another account", exception + exception + "account = \"joe\"", nil},
		{"same change", severity + severity, []string{`p.toml:4:3: [[severity]] is the same as in line 1`}},
		{"change to another", severity + "[[severity]]\nrule = \"crackable-auth\"\nseverity = \"high\"",
			[]string{`p.toml:4:3: [[severity]] contradicts line 1, which is for the same sessions`}},
		{"several mistakes", "x = 1\n[[host]]\nport = 0\nrequire = \"tls\"\n[[exception]]\nrule = \"no-such\"\n", []string{
			`p.toml:1:1: unknown key "x": it may be local-domains, trusted-networks, tls-ports`,
			`p.toml:3:8: port: want a number from 1 to 65535`,
			`p.toml:4:11: require: want one of none, authentication, encryption, auth-and-encrypt, not "tls"`,
			`p.toml:5:3: [[exception]] has no reason`, `p.toml:5:3: [[exception]] has no until`,
			`p.toml:6:8: rule: there is no rule "no-such"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse("p.toml", []byte(tt.in), ids)
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	var distinct []string
	for i := range 257 {
		distinct = append(distinct, fmt.Sprint(i+1))
	}
	rows := strings.Repeat("[[host]]\nrequire = \"none\"\n", policy.MaxRows+2)
	long := strings.Repeat("k", 10_000)
	tests := []struct {
		name, in string
		first    string
		last     string
	}{
		{"file", strings.Repeat("\n", policy.MaxFile+1), "p.toml:1:1: the file has more than 262144 bytes", ""},
		{"rows", rows, "p.toml:3:3: [[host]] is the same as in line 1", "p.toml:203:3: and 900 more mistakes"},
		{"list", "tls-ports = [" + strings.Join(distinct, ", ") + "]", "p.toml:1:1: tls-ports: more than 256 values", ""},
		{"key", long + " = 1", `p.toml:1:1: unknown key "` + long[:400-len(`unknown key "`)] + "...", ""},
		{"control characters", `"\u001b[2J\u009b" = 1`, `p.toml:1:1: unknown key "\x1b[2J\u009b": it may be local-domains, trusted-networks, tls-ports`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse("p.toml", []byte(tt.in), ids)
			if err == nil {
				t.Fatal("no mistake")
			}
			lines := strings.Split(err.Error(), "\n")
			last := tt.last
			if last == "" {
				last = tt.first
			}
			if lines[0] != tt.first || lines[len(lines)-1] != last || len(lines) > policy.MaxMistakes+1 {
				t.Errorf("%d lines, from %q to %q", len(lines), lines[0], lines[len(lines)-1])
			}
		})
	}
}

// TestMostRows: the last row that may be is read, and one more is not.
func TestMostRows(t *testing.T) {
	var b strings.Builder
	for i := range policy.MaxRows {
		fmt.Fprintf(&b, "[[host]]\nport = %d\nrequire = \"none\"\n", i+1)
	}
	p := parse(t, b.String())
	if len(p.Hosts) != policy.MaxRows {
		t.Errorf("%d rows", len(p.Hosts))
	}
	b.WriteString("[[severity]]\nunknown = 1\n[[severity]]\n")
	_, err := policy.Parse("p.toml", []byte(b.String()), ids)
	if want := "p.toml:3001:3: more than 1000 rows"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
