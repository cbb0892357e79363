package evidence

import (
	"errors"
	"slices"

	"github.com/mailtap/mailtap/capture"
)

// reading is what was found of a session when the files were read once.
type reading struct {
	packets uint64
	sum     uint64 // of what they are
}

// add counts a packet.
func (r *reading) add(p *capture.Packet) {
	r.packets++
	for _, n := range [...]uint64{uint64(p.Time), p.Number, uint64(len(p.Data))} {
		r.sum = (r.sum ^ n) * hashFactor
	}
}

var errChanged = errors.New("the captures have changed while they were read, so it cannot be told what in them is secret: " +
	"wait until nothing writes to them, and export again")

// remember keeps what was found in the reading before, and changed tells whether
// it is something else now.
func (x *selection) remember() {
	for _, c := range x.sessions {
		c.learned = c.reading
	}
}

func (x *selection) changed() bool {
	return slices.ContainsFunc(x.sessions, func(c *chosen) bool { return c.learned != c.reading })
}
