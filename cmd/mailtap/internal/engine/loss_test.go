package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/dissect"
)

// Each capture loses one of so many packets, so many times.
const oneOf, lossSeeds = 50, 10

// lateStarts is at how many of its first packets each capture is begun late.
const lateStarts = 300

// TestLossMakesNothingUp: a capture that lost packets, or began late, says
// nothing of a session that the whole one does not.
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
			whole := claims(factsOf(packets))
			for seed := range uint64(lossSeeds) {
				for c := range claims(factsOf(lose(packets, seed))) {
					if !whole[c] {
						t.Errorf("seed %d: made up: %v", seed, c)
					}
				}
			}
			for n := range packets[:min(len(packets), lateStarts)] {
				for c := range claims(factsOf(packets[n:])) {
					if !whole[c] {
						t.Errorf("begun at packet %d: made up: %v", n+1, c)
					}
				}
			}
		})
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
