package export_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// catalogue knows the rules of the samples.
func catalogue(id string) export.Rule {
	switch id {
	case "base64-password":
		return export.Rule{
			Group: "credential", Title: "password sent in BASE64", Why: "Anybody can decode it.", Fix: "Set the mail program to TLS.",
			Config: []dissect.Pair{{Key: "Postfix", Value: "smtpd_tls_auth_only = yes"}},
		}
	case "imap-preauth":
		return export.Rule{Group: "downgrade", Title: "title", Why: "Why.", Fix: "Fix."}
	}
	return export.Rule{}
}

func TestEVE(t *testing.T) {
	var b bytes.Buffer
	e := export.NewEVE(&b, catalogue)
	sessions := []*alerts.Session{nil, protected(), evil()}
	for i, f := range findings() {
		if err := e.Finding(f, sessions[i]); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "eve.json", b.String())
	if !harmless(b.String()) {
		t.Error("a character that acts was written as it is")
	}
	for line := range bytes.Lines(b.Bytes()) {
		var got struct {
			Timestamp string
			FlowID    uint64 `json:"flow_id"`
			Alert     struct {
				Severity    int
				SignatureID int `json:"signature_id"`
			}
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if got.FlowID >= 1<<53 {
			t.Errorf("flow id %d is not exact in JavaScript", got.FlowID)
		}
		if got.Alert.Severity < 1 || got.Alert.Severity > 4 {
			t.Errorf("severity %d", got.Alert.Severity)
		}
	}
}

func TestEVESeverity(t *testing.T) {
	want := map[alerts.Severity]int{alerts.Critical: 1, alerts.High: 2, alerts.Medium: 3, alerts.Low: 4, alerts.Info: 4}
	got := map[alerts.Severity]int{}
	for s := alerts.Info; s <= alerts.Critical; s++ {
		f := finding()
		f.Severity = s
		got[s] = eveLine(t, f, nil).Alert.Severity
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type eveWords struct {
	Alert struct {
		Severity    int
		SignatureID int `json:"signature_id"`
	}
	TLS *struct{ Version string }
}

func eveLine(t *testing.T, f *alerts.Finding, s *alerts.Session) (line eveWords) {
	t.Helper()
	var b bytes.Buffer
	if err := export.NewEVE(&b, catalogue).Finding(f, s); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	return line
}

// A rule's number stands in other programs' filters: it never changes, and no
// two rules share one.
func TestEVESignatures(t *testing.T) {
	seen := map[int]string{}
	for _, r := range rules.Rules {
		f := finding()
		f.Rule = r.ID
		id := eveLine(t, f, nil).Alert.SignatureID
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s are both %d", r.ID, other, id)
		}
		if id < 1_100_000 || id > 1_999_999 {
			t.Errorf("%s is %d, outside of the range", r.ID, id)
		}
		seen[id] = r.ID
	}
	if got := eveLine(t, finding(), nil).Alert.SignatureID; got != 1290984 {
		t.Errorf("base64-password is now %d", got)
	}
}

func TestEVEVersions(t *testing.T) {
	for version, want := range map[string]string{
		"": "UNDETERMINED", "SSL 2.0": "SSLv2", "SSL 3.0": "SSLv3", "TLS 1.0": "TLSv1", "TLS 1.1": "TLS 1.1", "TLS 1.3": "TLS 1.3",
	} {
		s := protected()
		s.Facts.TLS.Version = version
		if got := eveLine(t, finding(), s).TLS.Version; got != want {
			t.Errorf("%q is %q, want %q", version, got, want)
		}
	}
}
