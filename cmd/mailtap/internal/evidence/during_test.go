package evidence_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
)

// Sessions between the same two ends are found by their time, also where long
// ones lie over short ones.
func TestDuring(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		spans := make([][2]int64, r.IntN(12))
		for i := range spans {
			start := r.Int64N(30)
			spans[i] = [2]int64{start, start + r.Int64N(20)}
		}
		for time := range int64(55) {
			var want []int
			for i, s := range spans {
				if s[0] <= time && time <= s[1] {
					want = append(want, i)
				}
			}
			got := evidence.During(spans, time)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%v at %d (-want +got):\n%s", spans, time, diff)
			}
		}
	}
}
