package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestShadowed(t *testing.T) {
	const encrypt = "\nrequire = \"encryption\"\n"
	// a stands in line 1, b in line 1 + the lines of a.
	tests := []struct {
		name, a, b string
		want       bool // b never applies
	}{
		{"everything first", "", "port = 25", true},
		{"everything last", "port = 25", "", false},
		{"network", `server = "10.0.0.0/8"`, `server = ["10.1.0.0/16", "10.2.3.4"]`, true},
		{"one is outside", `server = "10.0.0.0/8"`, `server = ["10.1.0.0/16", "11.2.3.4"]`, false},
		{"wider network", `server = "10.1.0.0/16"`, `server = "10.0.0.0/8"`, false},
		{"other family", `server = "0.0.0.0/0"`, `server = "::/0"`, false},
		{"client is no server", `server = "10.0.0.0/8"`, `client = "10.0.0.1"`, false},
		{"more keys", "port = 25", "port = 25\nclient = \"10.0.0.1\"", true},
		{"fewer keys", "port = 25\nclient = \"10.0.0.1\"", "port = 25", false},
		{"ports", "port = [25, 587]", "port = 587\nprotocol = \"smtp\"", true},
		{"more ports", "port = [25, 587]", "port = [25, 465]", false},
		{"protocols", `protocol = ["imap", "pop3"]`, `protocol = "pop3"`, true},
		{"names", `name = "*.example.com"`, `name = ["mail.example.com", "*.a.example.com"]`, true},
		{"name above", `name = "*.example.com"`, `name = "example.com"`, false},
		{"names below one", `name = "mail.example.com"`, `name = "*.example.com"`, false},
		{"hours", `hours = "08:00-18:00"`, `hours = "09:00-18:00"`, true},
		{"longer hours", `hours = "08:00-18:00"`, `hours = "08:00-18:01"`, false},
		{"other hours", `hours = "08:00-18:00"`, `hours = "18:00-20:00"`, false},
		{"hours over midnight", `hours = "22:00-06:00"`, `hours = "00:00-06:00"`, true},
		{"hours before and after midnight", `hours = "22:00-06:00"`, `hours = "21:00-23:00"`, false},
		{"turned round", `hours = "22:00-06:00"`, `hours = "06:00-22:00"`, false},
		{"whole day", `hours = "00:00-24:00"`, `port = 25`, true},
		{"not the whole day", `hours = "00:00-23:59"`, `port = 25`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, "[[host]]", tt.a, encrypt, "[[host]]", tt.b, encrypt)
			var want []string
			if tt.want {
				want = shadowed(p.Hosts[1].At.Line, "host", 1)
			}
			if diff := cmp.Diff(want, p.Shadowed()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestShadowedOthers(t *testing.T) {
	row := func(kind string, keys ...string) (lines []string) {
		lines = append([]string{"[[" + kind + "]]"}, keys...)
		if kind == "exception" {
			return append(lines, `reason = "r"`)
		}
		return append(lines, `severity = "low"`)
	}
	const two, one = `rule = ["crackable-auth", "base64-password"]`, `rule = "base64-password"`
	tests := []struct {
		name string
		kind string
		a, b []string
		want bool
	}{
		{"exception", "exception", []string{two, "until = 2026-12-31"}, []string{one, "port = 25", "until = 2026-12-31"}, true},
		{"exception that lasts longer", "exception", []string{two, "until = 2026-12-31"}, []string{one, "port = 25", "until = 2027-01-01"}, false},
		{"exception from another rule", "exception", []string{one, "until = 2026-12-31"}, []string{two, "until = 2026-12-31"}, false},
		{"exception of an account", "exception", []string{two, "until = 2026-12-31"}, []string{one, `account = "joe"`, "until = 2026-12-31"}, true},
		{"exception of all accounts", "exception", []string{two, `account = "joe"`, "until = 2026-12-31"}, []string{one, "until = 2026-12-31"}, false},
		{"exception elsewhere", "exception", []string{two, "port = 25", "until = 2026-12-31"}, []string{one, "port = 26", "until = 2026-12-31"}, false},
		{"change", "severity", []string{two}, []string{one}, true},
		{"change of more rules", "severity", []string{one}, []string{two}, false},
		{"change elsewhere", "severity", []string{two, "port = 25"}, []string{one}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := row(tt.kind, tt.a...)
			p := parse(t, append(a, row(tt.kind, tt.b...)...)...)
			var want []string
			if tt.want {
				want = shadowed(len(a)+1, tt.kind, 1)
			}
			if diff := cmp.Diff(want, p.Shadowed()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func shadowed(line int, kind string, by int) []string {
	return []string{fmt.Sprintf("p.toml:%d:3: [[%s]] never applies, line %d is for all of it", line, kind, by)}
}

func TestExpired(t *testing.T) {
	p := parse(t,
		"[[exception]]", `rule = "crackable-auth"`, `reason = "r"`, "until = 2026-01-31",
		"  [[exception]]", `rule = "base64-password"`, `reason = "r"`, "until = 2026-02-01",
	)
	first := "p.toml:1:3: [[exception]] has expired on 2026-01-31"
	second := "p.toml:5:5: [[exception]] has expired on 2026-02-01"
	tests := []struct {
		at   time.Time
		want []string
	}{
		{time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC), nil},
		{time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), []string{first}},
		{time.Date(2026, 2, 1, 23, 0, 0, 0, time.FixedZone("", -2*3600)), []string{first, second}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, p.Expired(tt.at)); diff != "" {
			t.Errorf("at %v (-want +got)\n%s", tt.at, diff)
		}
	}
}
