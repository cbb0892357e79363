package judge_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/dissect"
)

// written gives what results say, without their order.
func written(all []alerts.Result) (lines []string) {
	for i := range all {
		s := &all[i].Session
		lines = append(lines, fmt.Sprintf("%s %s", s.ID, s.Verdict))
		for _, f := range all[i].Findings {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s %v", s.ID, f.ID, f.Rule, f.Severity, f.Why, f.Evidence))
		}
	}
	slices.Sort(lines)
	return lines
}

// random makes n sessions of a few clients, accounts and answers, each some
// seconds after the one before, of any length.
func random(r *rand.Rand, n int) (all []*dissect.Facts) {
	at := time.Duration(0)
	for range n {
		at += time.Duration(1+r.IntN(9)) * time.Second
		client := fmt.Sprintf("10.0.1.%d", 1+r.IntN(4))
		var changes []change
		for range r.IntN(5) {
			changes = append(changes, login("PLAIN", fmt.Sprint("user", r.IntN(12)), guess(r.IntN(99)), dissect.Outcome(1+r.IntN(2))))
		}
		port := []uint16{25, 143, 587}[r.IntN(3)]
		switch r.IntN(4) {
		case 0:
			changes = append(changes, list(true), handshake([]string{"TLS 1.0", "TLS 1.2", "TLS 1.3"}[r.IntN(3)], r.IntN(2) == 0))
		case 1:
			changes = append(changes, list(r.IntN(5) > 0), mail)
		case 2:
			port = 993
			changes = []change{real} // but for one client, from some time on
			if client == "10.0.1.1" && at > 3*time.Minute {
				changes = []change{another}
			}
		}
		p := dissect.SMTP
		if port == 143 || port == 993 {
			p = dissect.IMAP
		}
		f := session(at, client, p, port, changes...)
		f.End += r.Int64N(int64(5 * time.Minute))
		all = append(all, f)
	}
	return all
}

// Whatever order sessions came in, judging them again in the order of their
// begin gives what one pass in order gives.
func TestAnyOrderThenJudge(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		sessions := random(r, 120)
		want := inOrder(sessions)
		for _, one := range want {
			for _, f := range one.Findings {
				seen[f.Rule] = true
			}
		}
		shuffled := slices.Clone(sessions)
		r.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		stored := inOrder(shuffled)
		if len(stored) != len(sessions) {
			t.Fatalf("%d results of %d sessions", len(stored), len(sessions))
		}
		slices.SortFunc(stored, func(a, b alerts.Result) int { return int(a.Session.Facts.Start - b.Session.Facts.Start) })
		var again []*dissect.Facts
		for _, one := range stored {
			again = append(again, one.Session.Facts)
		}
		if diff := cmp.Diff(written(want), written(inOrder(again))); diff != "" {
			t.Fatalf("seed %d (-in order +shuffled, then judged):\n%s", seed, diff)
		}
	}
	for _, rule := range []string{"password-guessing", "starttls-vanished", "tls-failed-then-clear", "tls-fallback-retry", "certificate-changed"} {
		if !seen[rule] {
			t.Errorf("%s never held", rule)
		}
	}
}

// The same sessions again change nothing: they are no new attempts.
func TestAgain(t *testing.T) {
	for _, tt := range slices.Concat(guessingTests, offerTests, handshakeTests, certificateTests, bothWaysTests) {
		var all []alerts.Result
		j := judge.New(func(r alerts.Result) { all = append(all, r) })
		for range 2 {
			for _, f := range tt.sessions {
				j.Session(f)
			}
			j.Close()
		}
		n := len(tt.sessions)
		if diff := cmp.Diff(written(all[:n]), written(all[n:])); diff != "" {
			t.Errorf("%s %s (-first +again):\n%s", tt.rule, tt.name, diff)
		}
	}
}

// A finding that may still grow waits, but not for ever: neither longer than
// its window, nor with more than a few others.
func TestHeld(t *testing.T) {
	settled := 0
	j := judge.New(func(alerts.Result) { settled++ })
	attack := func(client, n int) {
		addr := fmt.Sprintf("10.2.%d.%d", client/200, 1+client%200)
		j.Session(session(time.Duration(n)*time.Millisecond, addr, dissect.POP3, 110, many(10, func(i int) change { return rejected("tina", guess(i)) })))
	}
	for i := range 64 {
		attack(i, i)
	}
	if settled != 0 {
		t.Errorf("%d settled at once", settled)
	}
	for i := range 100 {
		attack(64+i, 64+i)
	}
	if settled != 100 {
		t.Errorf("%d settled, want 100: 64 wait", settled)
	}
	j.Session(session(6*time.Minute, victim, dissect.SMTP, 25))
	if settled != 165 {
		t.Errorf("%d settled after the window, want all 165", settled)
	}
	j.Close()
	if settled != 165 {
		t.Errorf("%d settled after the end, want all 165", settled)
	}
}

// shortLogin is one of many log-ins of as many clients at 20 servers.
func shortLogin(i, clients int) *dissect.Facts {
	c := i % clients
	addr := netip.AddrFrom4([4]byte{10, 1, byte(c / 250), byte(c % 250)})
	f := session(time.Duration(i)*100*time.Millisecond, victim, dissect.SMTP, 587, list(false), accepted(fmt.Sprint("user", c), guess(c)))
	f.Client = netip.AddrPortFrom(addr, uint16(1024+i%60000))
	f.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 20)}), 587)
	return f
}

// TestMemory: many short log-ins, then an attack that never uses the same
// address, leave no more behind than the bounds.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const most = 48 << 20
	j := judge.New(func(alerts.Result) {})
	before := heap()
	for i := range 200_000 {
		j.Session(shortLogin(i, 2000))
	}
	logins := heap() - before
	for i := range 10_000 {
		f := shortLogin(i, 1<<16)
		f.Offer.STARTTLS = i%2 == 0
		long := fmt.Sprintf("%0512d", i)
		certificate(long[448:], long, "RSA 2048", i)(f)
		f.Files = []string{long}
		f.TLS.SNI = fmt.Sprint(i % 2000)
		f.Auth = nil
		for k := range 40 {
			rejected(fmt.Sprint(k, long), guess(k))(f)
		}
		j.Session(f)
	}
	all := heap() - before
	t.Logf("%d KB after the log-ins, %d KB after the attack", logins>>10, all>>10)
	if logins > most/4 || all > most {
		t.Errorf("%d bytes after the log-ins, %d after the attack, want at most %d", logins, all, most)
	}
	runtime.KeepAlive(j)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkHistory judges short log-ins with history, BenchmarkAlone without.
func BenchmarkHistory(b *testing.B) {
	j := judge.New(func(alerts.Result) {})
	benchmarkLogins(b, j.Session)
}

func BenchmarkAlone(b *testing.B) { benchmarkLogins(b, func(f *dissect.Facts) { judge.Session(f) }) }

func benchmarkLogins(b *testing.B, take func(*dissect.Facts)) {
	sessions := times(20_000, func(i int) *dissect.Facts { return shortLogin(i, 2000) })
	for _, f := range sessions {
		take(f)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		take(sessions[i%len(sessions)])
		i++
	}
}
