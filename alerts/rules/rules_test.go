package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// A test names the hits that a rule must give, "severity account why" and the
// details; none is a near miss.
type ruleTest struct {
	rule, name string
	facts      *dissect.Facts
	want       []string
}

func TestRules(t *testing.T) {
	raised, missed := map[string]bool{}, map[string]bool{}
	for _, tt := range slices.Concat(credentialTests, encryptionTests, downgradeTests, tlsTests, certificateTests, exposureTests, otherTests) {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			rule := rules.Find(tt.rule)
			if rule == nil {
				t.Fatal("no such rule")
			}
			if len(tt.want) > 0 {
				raised[tt.rule] = true
			} else {
				missed[tt.rule] = true
			}
			if diff := cmp.Diff(tt.want, show(t, rule, tt.facts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			alerts.NewRedactor([32]byte{}).Redact(tt.facts)
			if diff := cmp.Diff(tt.want, show(t, rule, tt.facts)); diff != "" {
				t.Errorf("redacted (-want +got):\n%s", diff)
			}
		})
	}
	for _, rule := range rules.Rules {
		if rule.Judge != nil && (!raised[rule.ID] || !missed[rule.ID]) {
			t.Errorf("%s: raised by a test: %v, missed by a near miss: %v", rule.ID, raised[rule.ID], missed[rule.ID])
		}
	}
}

// show writes hits as lines, and checks what holds for all of them.
func show(t *testing.T, rule *rules.Rule, f *dissect.Facts) (lines []string) {
	for _, h := range rule.Judge(f, nil) {
		account := "-"
		if h.HasAccount {
			account = h.Account
		}
		line := fmt.Sprintf("%s %s %s", h.Severity, account, h.Why)
		for _, d := range h.Detail {
			line += fmt.Sprintf(" [%s=%s]", d.Key, d.Value)
		}
		lines = append(lines, line)
		if seen := rules.SeenIn(f); rule.Needs&^seen != 0 {
			t.Errorf("it holds where %b was seen, and needs %b", seen, rule.Needs)
		}
		if h.Severity > rule.Severity {
			t.Errorf("severity %s is over the rule's %s", h.Severity, rule.Severity)
		}
		if len(h.Quotes) == 0 || len(h.Quotes) > rules.MaxEvidence {
			t.Errorf("%d lines of evidence", len(h.Quotes))
		}
		for i, q := range h.Quotes {
			if q.Text == "" || i > 0 && rule.Group != rules.Credential && q.Stamp.Time < h.Quotes[i-1].Stamp.Time {
				t.Errorf("line %d of the evidence is empty or out of order: %+v", i, q)
			}
		}
	}
	return lines
}

// The table is what people read, so no part of a rule is left out.
func TestTable(t *testing.T) {
	order := []rules.Group{rules.Credential, rules.Encryption, rules.Downgrade, rules.TLS, rules.Exposure}
	seen, last := map[string]bool{}, 0
	for _, r := range rules.Rules {
		if seen[r.ID] {
			t.Errorf("%s stands there twice", r.ID)
		}
		seen[r.ID] = true
		for _, text := range []string{r.ID, string(r.Group), r.Who.String(), r.Title, r.Why, r.Fix} {
			if text == "" || strings.TrimSpace(text) != text {
				t.Errorf("%s: text %q", r.ID, text)
			}
		}
		if r.Judge == nil && r.Recall == nil && r.ID != "policy-violation" {
			t.Errorf("%s judges nothing", r.ID)
		}
		if len(r.Refs) == 0 || strings.HasSuffix(r.Title, ".") || !strings.HasSuffix(r.Fix, ".") || !strings.HasSuffix(r.Why, ".") {
			t.Errorf("%s: no reference, or a full stop too many or too few", r.ID)
		}
		group := slices.Index(order, r.Group)
		if group < last {
			t.Errorf("%s: group %s is out of order", r.ID, r.Group)
		}
		last = group
		if rules.Find(r.ID).ID != r.ID {
			t.Errorf("Find(%q) finds another", r.ID)
		}
	}
	if rules.Find("no-such-rule") != nil {
		t.Error("Find finds what is not there")
	}
}

// Nothing was seen, so nothing may be said.
func TestNothingSeen(t *testing.T) {
	for _, f := range []*dissect.Facts{
		{},
		facts(dissect.SMTP, 25),
		facts(dissect.IMAP, 143, flag(dissect.Midstream|dissect.OneSided|dissect.Gap)),
		facts(dissect.POP3, 995, over(dissect.TLS)),
	} {
		f.Banner = ""
		for _, r := range rules.Rules {
			if r.Judge != nil && show(t, &r, f) != nil {
				t.Errorf("%s: %s", r.ID, show(t, &r, f))
			}
			if r.Recall != nil && r.Recall(f, new(rules.Past), nil) != nil {
				t.Errorf("%s holds without a past", r.ID)
			}
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	f := facts(dissect.SMTP, 587, offered, list("PLAIN", "LOGIN"), login("PLAIN", "joe"), mail(dissect.Unprotected))
	var hits []rules.Hit
	b.ReportAllocs()
	for b.Loop() {
		for i := range rules.Rules {
			if judge := rules.Rules[i].Judge; judge != nil {
				hits = judge(f, hits[:0])
			}
		}
	}
}
