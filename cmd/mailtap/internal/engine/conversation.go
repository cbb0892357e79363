package engine

import (
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// conversation is what the engine keeps of a connection that may be mail.
type conversation struct {
	session session.Session
	facts   *dissect.Facts // nil until it is known to be mail
	doubts  *doubts        // nil: none
	unsound dissect.Stamp  // the latest packet that told something with a wrong checksum
	lost    uint64         // bytes
}

// Open begins a connection. Nothing is made for it before its first bytes
// have been looked at.
func (e *Engine) Open(*reassembly.Flow) {}

// Data takes the next bytes of a connection.
func (e *Engine) Data(f *reassembly.Flow, dir reassembly.Direction, _ uint64, b []byte) {
	c, ok := f.User.(*conversation)
	if !ok {
		if session.Foreign(f.Ports(), f.Late(), uint8(dir), b) {
			e.unknown(f)
			f.Ignore()
			return
		}
		c = e.begin(f)
	}
	e.events = e.events[:0]
	if f.Closed(dir ^ 1) {
		e.events = c.session.Closed(e.events, uint8(dir^1))
	}
	e.events = c.session.Feed(e.events, uint8(dir), b)
	if len(e.events) > 0 && !e.sound() {
		e.stats.BadChecksums++
		c.unsound = e.stampNow(f)
	}
	e.fold(f, c)
}

// Gap says that bytes of a connection are lost.
func (e *Engine) Gap(f *reassembly.Flow, dir reassembly.Direction, _, n uint64) {
	c, ok := f.User.(*conversation)
	if !ok {
		c = e.begin(f)
	}
	c.lost += n
	e.events = c.session.Gap(e.events[:0], uint8(dir), n)
	e.fold(f, c)
}

// Close ends a connection.
func (e *Engine) Close(f *reassembly.Flow) {
	c, ok := f.User.(*conversation)
	if !ok {
		e.unknown(f)
		return
	}
	f.User = nil
	e.events = c.session.End(e.events[:0])
	e.fold(f, c)
	if c.doubts != nil && c.facts != nil {
		e.settle(c, true)
	}
	e.forget(c.doubts)
	c.session.Dialogue().Leave()
	if c.facts != nil {
		e.finish(f, c)
	}
	if e.keeper != nil {
		e.keeper.Drop(f)
	}
	e.leave(c)
}

func (e *Engine) begin(f *reassembly.Flow) *conversation {
	c := e.newConversation()
	c.session = *session.New(&e.pool, f.Ports(), f.Late())
	c.doubts, _ = f.User.(*doubts)
	f.User = c
	if e.keeper != nil {
		e.keeper.Begin(f, e.segment)
	}
	return c
}

// fold stamps the new events with their packets and adds them to the Facts.
func (e *Engine) fold(f *reassembly.Flow, c *conversation) {
	switch {
	case c.session.Ignored():
		e.forget(c.doubts)
		f.User = nil
		f.Ignore()
		if e.keeper != nil {
			e.keeper.Drop(f)
		}
		return
	case c.facts == nil && c.session.Mail():
		c.facts = newFacts()
	}
	if len(e.events) > 0 {
		c.facts.Protocol = c.session.Protocol()
		f.Await(reassembly.Direction(c.session.Server()^1), c.session.Readable())
	}
	dialogue := c.session.Dialogue()
	for i := range e.events {
		ev := &e.events[i]
		ev.Stamp = stamp(f, reassembly.Direction(c.session.Direction(ev.Side)), ev.Start)
		c.facts.Add(ev)
		if len(ev.Line) > 0 {
			dialogue.Mark(ev)
		}
	}
	fresh := dialogue.Fresh()
	for i := range fresh {
		l := &fresh[i]
		l.Stamp = stamp(f, reassembly.Direction(c.session.Direction(l.Side)), l.Start)
	}
	if c.doubts != nil && c.facts != nil {
		e.settle(c, false)
	}
}

// stamp names the packet that carried the byte of a direction at off. Its file
// counts in the flow's own list, as in Facts.Files.
func stamp(f *reassembly.Flow, dir reassembly.Direction, off uint64) dissect.Stamp {
	time, packet, file := f.At(dir, off)
	return dissect.Stamp{Time: time, Packet: packet, File: f.FileAt(file)}
}
