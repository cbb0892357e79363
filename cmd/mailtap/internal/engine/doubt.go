package engine

import (
	"bytes"

	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of the doubts. What finds no room is counted in Stats.Unsettled.
const (
	maxDoubts    = 8       // of one connection
	maxDoubt     = 2 << 10 // bytes of one
	maxAllDoubts = 1 << 20 // bytes of all connections, doubtCost included

	doubtCost = 128 // what one costs beside its bytes
)

// doubt is what came again for bytes that are in no line of the dialogue yet:
// the line is not whole, or waits for an answer, or the session is not
// identified. It is kept until a later line of its side, or the end of the
// session, tells what it is. Content of messages never becomes a line.
type doubt struct {
	dir   reassembly.Direction
	off   uint64
	text  []byte        // as it came again
	first dissect.Stamp // of the first version, if clash
	stamp dissect.Stamp
	clash bool // it is known to differ
}

func (d *doubt) end() uint64 { return d.off + uint64(len(d.text)) }
func (d *doubt) cost() int   { return len(d.text) + doubtCost }

// doubts are those of one connection. They are its User while there is no
// conversation.
type doubts struct{ list []doubt }

// doubtsOf returns the doubts of a connection, to be added to.
func (e *Engine) doubtsOf(f *reassembly.Flow) *doubts {
	switch u := f.User.(type) {
	case *doubts:
		return u
	case *conversation:
		if u.doubts == nil {
			u.doubts = new(doubts)
		}
		return u.doubts
	}
	all := new(doubts)
	f.User = all
	return all
}

// doubt keeps a copy of d.
func (e *Engine) doubt(all *doubts, d *doubt) {
	kept := *d
	kept.text = d.text[:min(len(d.text), maxDoubt)]
	if len(all.list) == maxDoubts || e.doubted+kept.cost() > maxAllDoubts {
		e.stats.Unsettled++
		return
	}
	kept.text = bytes.Clone(kept.text)
	all.list = append(all.list, kept)
	e.doubted += kept.cost()
}

// settle decides about the doubts of an identified session, as far as its
// dialogue tells; over: nothing more is coming.
func (e *Engine) settle(c *conversation, over bool) {
	list := c.doubts.list
	c.doubts.list = list[:0]
	for i := range list {
		d := &list[i]
		l := c.differs(d)
		switch {
		case l != nil:
			e.conflict(c, d, l)
		case !c.inClear():
		case !over && d.end() > c.spokenTo(d.dir):
			c.doubts.list = append(c.doubts.list, *d)
			continue
		case d.clash:
			e.conflict(c, d, nil)
		}
		e.doubted -= d.cost()
	}
	clear(list[len(c.doubts.list):])
	if len(c.doubts.list) == 0 {
		c.doubts = nil
	}
}

// unknown forgets a connection for which no conversation was begun.
func (e *Engine) unknown(f *reassembly.Flow) {
	if all, ok := f.User.(*doubts); ok {
		e.forget(all)
		f.User = nil
	}
}

// forget drops the doubts of a connection that is not mail.
func (e *Engine) forget(all *doubts) {
	if all == nil {
		return
	}
	for i := range all.list {
		e.doubted -= all.list[i].cost()
	}
	all.list = nil
}
