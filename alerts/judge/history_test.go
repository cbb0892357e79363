package judge_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// historyTest names the findings of rules that remember which sessions give, in
// the order in which they began: "number severity account why" of the sessions,
// from 0. None is a near miss.
type historyTest struct {
	rule, name string
	sessions   []*dissect.Facts
	want       []string
}

// remembers is how many rejected logins of a client are remembered.
const remembers = 32

func TestHistory(t *testing.T) {
	raised, missed := map[string]bool{}, map[string]bool{}
	for _, tt := range slices.Concat(guessingTests, offerTests, handshakeTests, certificateTests, bothWaysTests) {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			raised[tt.rule] = raised[tt.rule] || len(tt.want) > 0
			missed[tt.rule] = missed[tt.rule] || len(tt.want) == 0
			all := inOrder(tt.sessions)
			if diff := cmp.Diff(tt.want, remembered(t, tt, all)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(tt.sessions) > remembers {
				return // what came longest ago is gone, and that differs
			}
			last := tt.sessions[len(tt.sessions)-1]
			want, got := resultOf(t, all, last), resultOf(t, backwards(tt.sessions), last)
			if diff := cmp.Diff(want, got, cmp.Comparer(same), cmp.Comparer(sameAddr)); diff != "" {
				t.Errorf("of the last session (-in order +after the others in reverse):\n%s", diff)
			}
		})
	}
	for _, r := range rules.Rules {
		if r.Recall != nil && (!raised[r.ID] || !missed[r.ID]) {
			t.Errorf("%s: raised by a test: %v, missed by a near miss: %v", r.ID, raised[r.ID], missed[r.ID])
		}
	}
}

func sameAddr(a, b netip.Addr) bool { return a == b }

// inOrder judges sessions one after another.
func inOrder(sessions []*dissect.Facts) []alerts.Result {
	var all []alerts.Result
	j := judge.New(func(r alerts.Result) { all = append(all, r) })
	for _, f := range sessions {
		j.Session(f)
	}
	j.Close()
	return all
}

// backwards judges the last session when the others have come in reverse.
func backwards(sessions []*dissect.Facts) (all []alerts.Result) {
	j := judge.New(func(r alerts.Result) { all = append(all, r) })
	for _, f := range slices.Backward(sessions[:len(sessions)-1]) {
		j.Remember(&alerts.Session{ID: alerts.NewSessionID(f), Facts: f})
	}
	j.Session(sessions[len(sessions)-1])
	j.Close()
	return all
}

func resultOf(t *testing.T, all []alerts.Result, f *dissect.Facts) []alerts.Finding {
	t.Helper()
	for i := range all {
		if all[i].Session.Facts == f {
			return all[i].Findings
		}
	}
	t.Fatal("a session has no result")
	return nil
}

// remembered writes the findings of one rule, and checks what holds for all of
// those that name earlier sessions.
func remembered(t *testing.T, tt historyTest, all []alerts.Result) (lines []string) {
	t.Helper()
	if len(all) != len(tt.sessions) {
		t.Errorf("%d results of %d sessions", len(all), len(tt.sessions))
	}
	for n, f := range tt.sessions {
		for _, one := range resultOf(t, all, f) {
			if one.Rule == tt.rule {
				lines = append(lines, fmt.Sprintf("%d %s %q %s", n, one.Severity, one.Account, one.Why))
				checkEvidence(t, &one)
			}
		}
	}
	return lines
}

func checkEvidence(t *testing.T, f *alerts.Finding) {
	t.Helper()
	if f.Severity > rules.Find(f.Rule).Severity {
		t.Errorf("severity %s is over the rule's", f.Severity)
	}
	if len(f.Evidence) == 0 || len(f.Evidence) > rules.MaxEvidence {
		t.Errorf("%d lines of evidence", len(f.Evidence))
	}
	sessions := map[alerts.SessionID]bool{}
	for i, e := range f.Evidence {
		sessions[e.Session] = true
		if e.Text == "" || e.Packet == 0 || e.File == "" || i > 0 && e.Time < f.Evidence[i-1].Time {
			t.Errorf("line %d of the evidence is not whole, or out of order: %+v", i, e)
		}
	}
	if !sessions[f.Session] || len(sessions) < 2 && !strings.Contains(t.Name(), "one-session") {
		t.Errorf("evidence of %d sessions", len(sessions))
	}
}

const victim, other = "10.0.0.5", "10.0.1.6"

func tried(at time.Duration, changes ...change) *dissect.Facts {
	return session(at, victim, dissect.POP3, 110, changes...)
}

var guessingTests = []historyTest{
	{"password-guessing", "then-let-in",
		append(times(12, func(i int) *dissect.Facts { return tried(time.Duration(i)*time.Second, rejected("tina", guess(i))) }),
			tried(12*time.Second, accepted("tina", "ffffff"))),
		[]string{`12 high "" POP3 rejected 12 passwords in 12s, and then let the client in`}},
	{"password-guessing", "never-let-in-is-one-finding",
		times(14, func(i int) *dissect.Facts { return tried(time.Duration(i)*time.Second, rejected("tina", guess(i))) }),
		[]string{`13 medium "" POP3 rejected 14 passwords in 13s`}},
	{"password-guessing", "goes-on-for-an-hour",
		times(180, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*20*time.Second, rejected("tina", guess(i)))
		})[:45],
		[]string{
			`14 medium "" POP3 rejected 15 passwords in 4m40s`,
			`29 medium "" POP3 rejected 16 passwords in 5m0s`,
			`44 medium "" POP3 rejected 16 passwords in 5m0s`,
		}},
	{"password-guessing", "one-session",
		[]*dissect.Facts{tried(0, many(10, func(i int) change { return rejected("tina", guess(i)) }))},
		[]string{`0 medium "" POP3 rejected 10 passwords in 1s`}},
	{"password-guessing", "challenges-as-fast-as-no-phone",
		times(10, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*time.Second, login("CRAM-MD5", "tina", guess(i), dissect.Rejected))
		}),
		[]string{`9 medium "" POP3 rejected 10 passwords in 9s`}},
	{"password-guessing", "nine",
		times(9, func(i int) *dissect.Facts { return tried(time.Duration(i)*time.Second, rejected("tina", guess(i))) }), nil},
	{"password-guessing", "too-slow",
		times(20, func(i int) *dissect.Facts { return tried(time.Duration(i)*40*time.Second, rejected("tina", guess(i))) }), nil},
	{"password-guessing", "phone-with-an-old-password",
		times(30, func(i int) *dissect.Facts { return tried(time.Duration(i)*5*time.Second, rejected("tina", "abcdef")) }), nil},
	{"password-guessing", "phone-with-an-old-password-and-challenges",
		times(30, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*15*time.Second, login("CRAM-MD5", "tina", guess(i), dissect.Rejected))
		}), nil},
	{"password-guessing", "many-clients",
		times(20, func(i int) *dissect.Facts {
			return session(time.Duration(i)*time.Second, fmt.Sprintf("10.0.2.%d", i), dissect.POP3, 110, rejected("tina", guess(i)))
		}), nil},
	{"password-guessing", "two-servers",
		times(18, func(i int) *dissect.Facts {
			return session(time.Duration(i)*time.Second, victim, dissect.POP3, uint16(110+i%2), rejected("tina", guess(i)))
		}), nil},
	{"password-guessing", "somebody-else-is-let-in-behind-the-same-address",
		append(times(12, func(i int) *dissect.Facts { return tried(time.Duration(i)*time.Second, rejected("tina", guess(i))) }),
			tried(12*time.Second, accepted("hugo", "ffffff"))),
		[]string{`11 medium "" POP3 rejected 12 passwords in 11s`}},
	{"password-guessing", "cancelled-before-a-password",
		times(20, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*time.Second, login("PLAIN", "tina", guess(i), dissect.Cancelled))
		}), nil},

	{"password-spraying", "one-password",
		times(12, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*4*time.Minute, rejected(fmt.Sprint("user", i), "abcdef"))
		}),
		[]string{
			`9 high "" POP3 rejected one password for 10 accounts in 36m0s`,
			`11 high "" POP3 rejected one password for 12 accounts in 44m0s`,
		}},
	{"password-spraying", "few-passwords-each",
		times(24, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*time.Second, rejected(fmt.Sprint("user", i/2), guess(i)))
		}),
		[]string{`23 high "" POP3 rejected a few passwords each for 12 accounts in 23s`}},
	{"password-spraying", "then-let-in",
		append(times(10, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*time.Second, rejected(fmt.Sprint("user", i), "abcdef"))
		}), tried(10*time.Second, accepted("user10", "abcdef"))),
		[]string{`10 high "" POP3 rejected one password for 10 accounts in 10s, and then let the client in`}},
	{"password-spraying", "shared-mailboxes",
		times(20, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*time.Second, accepted(fmt.Sprint("box", i), "abcdef"))
		}), nil},
	{"password-spraying", "nine-accounts",
		times(27, func(i int) *dissect.Facts {
			return tried(time.Duration(i)*time.Second, rejected(fmt.Sprint("user", i/3), guess(i)))
		}), nil},
	{"password-spraying", "one-account",
		times(20, func(i int) *dissect.Facts { return tried(time.Duration(i)*time.Second, rejected("tina", guess(i))) }), nil},
}

func many(n int, make func(i int) change) change {
	return func(f *dissect.Facts) {
		for i := range n {
			make(i)(f)
		}
	}
}
