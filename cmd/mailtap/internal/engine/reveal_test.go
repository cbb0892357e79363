package engine_test

import (
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// Whether secrets are shown changes nothing of what a policy says of findings.
func TestRecorderShowsWithPolicy(t *testing.T) {
	p, err := policy.Parse("p.toml", []byte(`
[[exception]]
rule = "cleartext-password"
reason = "an old phone"
until = 2099-12-31
[[severity]]
rule = "cleartext-password"
severity = "low"`), []string{"cleartext-password"})
	if err != nil {
		t.Fatal(err)
	}
	for _, show := range []bool{false, true} {
		r := &engine.Recorder{Redactor: alerts.NewRedactor([32]byte{1}), Show: show, Policy: p}
		var found []alerts.Finding
		r.Report = func(result alerts.Result) { found = append(found, result.Findings...) }
		r.Start()
		r.Session(guess(0, dissect.Accepted))
		r.Close()
		if len(found) != 1 || found[0].Severity != alerts.Low || found[0].Detail[len(found[0].Detail)-1].Value != "an old phone" {
			t.Fatalf("show %v: %+v", show, found)
		}
		if text := found[0].Evidence[0].Text; strings.Contains(text, "secret0") != show {
			t.Errorf("show %v: %q", show, text)
		}
	}
}
