package judge

// index numbers keys. It has at most most: the one that was not used for longest
// makes room. It lies close together, for what a session's keys are held against
// is seldom in the caches. Measured in November 2026: with maps, and a ring
// through the drawers, a history took a fifth more time.
type index struct {
	most  int
	nodes []node // by number
	slots []slot // by tag, with open addressing: at most half of them are taken
	last  int32  // number of the key that was used last: before it in the ring is the one to go

	asked key // the key that was looked up last
	found int32
}

// node is a key in the ring of those that are known.
type node struct {
	key        key
	prev, next int32
}

// slot leads to a node. The zero value is empty.
type slot struct {
	tag    uint32 // of the key
	number int32  // plus 1
}

const unknown = -1

// tag is half of a key: enough to tell most keys apart without a look at them.
func (k key) tag() uint32 { return uint32(k) }

// find returns the number of a key, or unknown. What a session asks for is
// mostly what is put there next.
func (x *index) find(k key) int32 {
	if x.slots == nil {
		return unknown
	}
	if x.asked != k {
		x.asked, x.found = k, x.slots[x.slot(k)].number-1
	}
	return x.found
}

// slot returns where a key is, or the empty slot where it would be.
func (x *index) slot(k key) int {
	tag := k.tag()
	at := x.home(tag)
	for {
		s := x.slots[at]
		if s.number == 0 || s.tag == tag && x.nodes[s.number-1].key == k {
			return at
		}
		at = x.after(at)
	}
}

func (x *index) home(tag uint32) int { return int(tag) & (len(x.slots) - 1) }
func (x *index) after(slot int) int  { return (slot + 1) & (len(x.slots) - 1) }

// use returns the number of a key, and whether it is a new one. It may be that
// of a key that had to go.
func (x *index) use(k key) (number int, anew bool) {
	if x.slots == nil {
		x.grow()
		x.found = unknown
	}
	if n := x.find(k); n != unknown {
		x.touch(n)
		return int(n), false
	}
	n := int32(len(x.nodes))
	if len(x.nodes) < x.most {
		if 2*len(x.nodes) == len(x.slots) {
			x.grow()
		}
		x.nodes = append(x.nodes, node{prev: n, next: n})
	} else {
		n = x.nodes[x.last].prev
		x.remove(x.slot(x.nodes[n].key))
	}
	x.nodes[n].key = k
	x.slots[x.slot(k)] = slot{k.tag(), n + 1}
	x.touch(n)
	x.asked, x.found = k, n
	return int(n), true
}

// touch makes a node the one used last.
func (x *index) touch(n int32) {
	if n == x.last {
		return
	}
	one := &x.nodes[n]
	x.nodes[one.prev].next, x.nodes[one.next].prev = one.next, one.prev
	last := &x.nodes[x.last]
	one.prev, one.next = last.prev, x.last
	x.nodes[last.prev].next, last.prev = n, n
	x.last = n
}

// remove empties a slot, and moves those behind it up that it stood in the way
// of.
func (x *index) remove(at int) {
	for next := x.after(at); x.slots[next].number != 0; next = x.after(next) {
		home := x.home(x.slots[next].tag)
		if (next-home)&(len(x.slots)-1) >= (next-at)&(len(x.slots)-1) {
			x.slots[at] = x.slots[next]
			at = next
		}
	}
	x.slots[at] = slot{}
}

// fewSlots is the number of slots that an index begins with.
const fewSlots = 64

func (x *index) grow() {
	x.slots = make([]slot, max(fewSlots, 2*len(x.slots)))
	for n := range x.nodes {
		k := x.nodes[n].key
		x.slots[x.slot(k)] = slot{k.tag(), int32(n) + 1}
	}
}
