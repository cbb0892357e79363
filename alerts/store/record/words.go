package record

import "hash/maphash"

// words numbers the texts of a record. Peers choose them, so the hash is
// seeded.
type words struct {
	list  []string
	slots []slot // a power of two, at least twice as many as words, so that a free one is near
	round uint32 // of the slots in use: to empty them all costs nothing
	seed  maphash.Seed
}

type slot struct {
	round  uint32
	number uint32
}

// firstSlots is how many slots there are until a record has more texts than
// half of them: most have fewer, and so few stay in the cache.
const firstSlots = 256

func (w *words) reset() {
	if w.slots == nil {
		w.slots = make([]slot, firstSlots)
		w.seed = maphash.MakeSeed()
	}
	clear(w.list) // they hold on to what the texts were cut from
	w.list = w.list[:0]
	w.round++
	if w.round == 0 {
		clear(w.slots)
		w.round = 1
	}
}

// number returns the number of a text that the record holds already, and gives
// others one while there are any.
func (w *words) number(s string) (uint64, bool) {
	at := w.find(s)
	if w.slots[at].round == w.round {
		return uint64(w.slots[at].number), true
	}
	if len(w.list) < maxWords {
		w.slots[at] = slot{w.round, uint32(len(w.list))}
		w.list = append(w.list, s)
		if 2*len(w.list) > len(w.slots) {
			w.grow()
		}
	}
	return 0, false
}

// find returns the slot of a text, or the free one where it would be.
func (w *words) find(s string) uint64 {
	last := uint64(len(w.slots) - 1)
	at := maphash.String(w.seed, s) & last
	for w.slots[at].round == w.round && w.list[w.slots[at].number] != s {
		at = (at + 1) & last
	}
	return at
}

// grow doubles the slots.
func (w *words) grow() {
	w.slots = make([]slot, 2*len(w.slots))
	for n, s := range w.list {
		w.slots[w.find(s)] = slot{w.round, uint32(n)}
	}
}
