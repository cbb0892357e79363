package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/dissect"
)

// Each capture loses one of so many packets, so many times.
const oneOf, lossSeeds = 50, 10

// lateStarts is at how many of its first packets each capture is begun late.
const lateStarts = 300

// TestLossMakesNothingUp: a capture that lost packets, or began late, says
// nothing of a session that the whole one does not, and does not split it.
func TestLossMakesNothingUp(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	files := sampleFiles(t)
	for _, o := range []traffic.Options{
		{Kind: traffic.Mail, Seed: 6, Bytes: 1e6},
		{Kind: traffic.Logins, Seed: 6, Sessions: 100},
	} {
		file, _ := generate(t, o)
		files[o.Kind] = read(t, file)
	}
	for name, packets := range files {
		t.Run(name, func(t *testing.T) {
			all := factsOf(packets)
			whole := claims(all)
			hold := func(what string, n int, got []*dissect.Facts) {
				for c := range claims(got) {
					if !whole[c] {
						t.Errorf("%s %d: made up: %v", what, n, c)
					}
				}
				if len(got) > len(all) {
					t.Errorf("%s %d: %d sessions of %d", what, n, len(got), len(all))
				}
			}
			for seed := range lossSeeds {
				hold("seed", seed, factsOf(lose(packets, uint64(seed))))
			}
			for n := range packets[:min(len(packets), lateStarts)] {
				hold("begun behind packet", n, factsOf(packets[n:]))
			}
		})
	}
}

// TestLateAnswer: an answer that the capture has a second after it was
// acknowledged is not taken for one to what was said since, while the server
// takes its time to refuse.
func TestLateAnswer(t *testing.T) {
	const late = "+OK\r\n"
	w := newWire(110)
	w.open()
	w.talk("S: +OK ready\nC: USER joe\n")
	at := w.said[dissect.Server]
	w.said[dissect.Server] += len(late) // the client has it, the capture has not
	w.talk("C: PASS wrong\n")
	w.now += 2e9
	w.packet(dissect.Server, decode.ACK|decode.PSH, at, late)
	w.now += 1e9
	w.talk("S: -ERR no\n")
	w.engine.Flush()
	for _, f := range w.all {
		if f.Flags&dissect.Gap == 0 || len(f.Auth) != 1 {
			t.Fatalf("flags %v, %d attempts", f.Flags, len(f.Auth))
		}
		if got := f.Auth[0].Outcome; got == dissect.Accepted {
			t.Errorf("the attempt is told as %v", got)
		}
	}
	if len(w.all) != 1 {
		t.Errorf("%d sessions", len(w.all))
	}
}

// said is a rule that holds in a session, or the protocol of it.
type said struct{ client, server, what string }

func claims(all []*dissect.Facts) map[said]bool {
	out := map[said]bool{}
	for _, f := range all {
		say := func(what string) { out[said{f.Client.String(), f.Server.String(), what}] = true }
		say(f.Protocol.String())
		for _, one := range judge.Session(f).Findings {
			say(one.Rule)
		}
	}
	return out
}

// lose drops one packet of so many.
func lose(packets []capture.Packet, seed uint64) []capture.Packet {
	r := rand.New(rand.NewPCG(seed, 3))
	return slices.DeleteFunc(slices.Clone(packets), func(capture.Packet) bool { return r.IntN(oneOf) == 0 })
}
