package record

import "hash/maphash"

// words numbers the texts of a record. Peers choose them, so the hash is
// seeded.
type words struct {
	list  []string
	slots []slot
	round uint32 // of the slots in use: to empty them all costs nothing
	seed  maphash.Seed
}

type slot struct {
	round  uint32
	number uint32
}

// slots are twice as many as words, so that a free one is near.
const slots = 2 * maxWords

func (w *words) reset() {
	if w.slots == nil {
		w.slots = make([]slot, slots)
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
	i := maphash.String(w.seed, s) % slots
	for w.slots[i].round == w.round {
		if n := w.slots[i].number; w.list[n] == s {
			return uint64(n), true
		}
		i = (i + 1) % slots
	}
	if len(w.list) < maxWords {
		w.slots[i] = slot{w.round, uint32(len(w.list))}
		w.list = append(w.list, s)
	}
	return 0, false
}
