package judge

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestIndex holds an index against a list of keys, the one used last first. Few
// of the keys differ in the lower bits, and some only in them.
func TestIndex(t *testing.T) {
	const most = 100
	random := rand.New(rand.NewPCG(1, 2))
	x := index{most: most}
	var used []key
	numbers := map[key]int{}
	for step := range 50_000 {
		k := key(random.Uint64N(40)<<32 | random.Uint64N(4)*61)
		at := slices.Index(used, k)
		if random.IntN(3) == 0 {
			if got := x.find(k); (got == unknown) != (at < 0) || got != unknown && int(got) != numbers[k] {
				t.Fatalf("step %d: key %x has number %d, want %d of %v", step, k, got, numbers[k], at >= 0)
			}
			continue
		}
		number, anew := x.use(k)
		want, wantNew := numbers[k], at < 0
		switch {
		case !wantNew:
			used = slices.Delete(used, at, at+1)
		case len(used) < most:
			want = len(used)
		default:
			want = numbers[used[most-1]]
			delete(numbers, used[most-1])
			used = used[:most-1]
		}
		used = slices.Insert(used, 0, k)
		numbers[k] = want
		if number != want || anew != wantNew {
			t.Fatalf("step %d: key %x got number %d, new %v; want %d, new %v", step, k, number, anew, want, wantNew)
		}
	}
	if len(x.slots) > 4*most {
		t.Errorf("%d slots for %d keys", len(x.slots), most)
	}
}
