package reassembly

import "github.com/mailtap/mailtap/capture/decode"

// address is where the connection of a segment stands, if it is known.
type address struct {
	key     key
	hash    uint32
	swapped bool // its source is the higher end of key
}

func (t *Table) address(a *address, s *decode.Segment) {
	a.swapped = a.key.set(s)
	a.hash = a.key.hash(&t.seed)
}

// MaxExpected is how many segments Expect takes at most.
const MaxExpected = 32

// Expect looks at the connections of segments that are about to be added with
// AddExpected, and changes nothing. Their memory is far apart: so it is waited
// for once, and not a time for each. There are up to MaxExpected of them.
func (t *Table) Expect(segments []decode.Segment) {
	t.coming = segments
	var heads [MaxExpected]*Flow
	for i := range segments {
		a := &t.expected[i]
		t.address(a, &segments[i])
		heads[i] = *t.bucket(a.hash)
	}
	touched := uint32(0)
	for _, f := range heads[:len(segments)] {
		if f != nil {
			touched += f.hash + uint32(f.last) + f.number // each on another cache line
		}
	}
	t.touched += touched
}

// AddExpected takes the i-th of the segments that were expected as the next of
// the capture.
func (t *Table) AddExpected(i int) { t.add(&t.coming[i], &t.expected[i]) }
