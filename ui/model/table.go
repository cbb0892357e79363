package model

import "hash/maphash"

// table finds the numbers of things by what they are. It keeps no keys: whoever
// has the numbers has those, and a map would hold each once more.
type table struct {
	seed  maphash.Seed
	slots []int32 // number + 1; 0 is free. Their count is a power of two.
	used  int
}

// leastSlots is how many a table begins with.
const leastSlots = 64

// newTable returns one with room for n numbers.
func newTable(n int) table {
	size := leastSlots
	for size*3/4 < n {
		size *= 2
	}
	return table{seed: maphash.MakeSeed(), slots: make([]int32, size)}
}

// find returns the number with a hash that is the wanted one.
func (t *table) find(hash uint64, wanted func(n int32) bool) (n int32, ok bool) {
	for i := hash; ; i++ {
		switch n := t.slots[i&uint64(len(t.slots)-1)] - 1; {
		case n < 0:
			return 0, false
		case wanted(n):
			return n, true
		}
	}
}

// insert adds a number that find has not found. hashOf gives the hash of any.
func (t *table) insert(n int32, hashOf func(n int32) uint64) {
	if t.used++; t.used > len(t.slots)*3/4 {
		old := t.slots
		t.slots = make([]int32, 2*len(old))
		for _, k := range old {
			if k > 0 {
				t.place(k-1, hashOf(k-1))
			}
		}
	}
	t.place(n, hashOf(n))
}

func (t *table) place(n int32, hash uint64) {
	i := hash & uint64(len(t.slots)-1)
	for t.slots[i] != 0 {
		i = (i + 1) & uint64(len(t.slots)-1)
	}
	t.slots[i] = n + 1
}
