package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// hit is one finding of the n-th case of a rule.
func hit(rule string, severity alerts.Severity, n int, detail ...dissect.Pair) alerts.Finding {
	f := alerts.Finding{
		Rule: rule, Title: "what " + rule + " means", Severity: severity, Time: int64(n), Why: fmt.Sprintf("why %d", n), Detail: detail,
		Client: netip.MustParseAddrPort("10.0.0.5:40000"), Server: netip.MustParseAddrPort("10.0.0.9:25"),
	}
	binary.BigEndian.PutUint64(f.Case[:], uint64(n)<<8|uint64(len(rule)))
	return f
}

// overviewOf is what a run says of findings that come in this order.
func overviewOf(t *testing.T, flag string, findings ...alerts.Finding) string {
	t.Helper()
	var out bytes.Buffer
	o := newOverview(&environment{stdout: &out, getenv: func(string) string { return "" }}, flag)
	result := alerts.Result{Session: alerts.Session{Facts: &dissect.Facts{}}, Findings: findings}
	var s alerts.Summary
	s.Add(&result)
	if err := o.result(&result, alerts.Info); err != nil {
		t.Fatal(err)
	}
	if err := o.end(&s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Of many cases the worst of each rule are shown, however late they came, and
// all findings are counted.
func TestOverviewOfManyCases(t *testing.T) {
	var list []alerts.Finding
	for n := range 5000 {
		list = append(list, hit("weak", alerts.Low, n))
	}
	list = append(list, hit("weak", alerts.High, 5001), hit("late", alerts.Critical, 5002))
	for range 3 {
		list = append(list, hit("weak", alerts.Low, 4990))
	}
	got := overviewOf(t, noDatabase, list...)
	for _, want := range []string{
		"critical  late  1      10.0.0.9:25  10.0.0.5  -        -              why 5002\nhigh      weak  1+ ",
		"why 5001\nlow       weak  3+     10.0.0.9:25  10.0.0.5  -        -              why 4990\n",
		"\n+: at least so often: only 1000 cases of a rule are known at a time\nand 4992 findings of other cases: --format jsonl writes all\n\nSEVERITY  RULE  FINDINGS  WHAT IS WRONG\n" +
			"critical  late  1         what late means\nhigh      weak  5004      what weak means\n\n1 mail session: ",
		"findings: 1 critical, 1 high, 0 medium, 5003 low, 0 info\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "10.0.0.9:25"); n != 1+worstRows {
		t.Errorf("%d rows", n)
	}
	if got := overviewOf(t, "a.db", list...); !strings.Contains(got, "'mailtap cases --db a.db --limit 0' lists all, 'mailtap tui --db a.db' shows them\n") {
		t.Errorf("no hint in\n%s", got)
	}
	if got := overviewOf(t, "", list...); !strings.Contains(got, "'mailtap cases --limit 0' lists all, 'mailtap tui' shows them\n") {
		t.Errorf("no hint in\n%s", got)
	}
}

// Up to maxRows cases are all in the table.
func TestOverviewOfFewCases(t *testing.T) {
	var list []alerts.Finding
	for n := range maxRows {
		list = append(list, hit("weak", alerts.Low, n))
	}
	if got := overviewOf(t, noDatabase, list...); strings.Count(got, "10.0.0.9:25") != maxRows || strings.Contains(got, "other cases") {
		t.Errorf("not %d rows:\n%s", maxRows, got)
	}
}

// What a policy accepts is shown, and counted.
func TestOverviewOfExceptions(t *testing.T) {
	accepted := dissect.Pair{Key: "exception", Value: "until the move"}
	got := overviewOf(t, noDatabase, hit("a", alerts.Low, 1, accepted), hit("bb", alerts.Low, 2), hit("bb", alerts.Low, 2, accepted))
	for _, want := range []string{"(exception: until the move) why 1\n", "(exceptions: 1) why 2\n", "exceptions of the policy: 2 findings, counted above as well\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
