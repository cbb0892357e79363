// Package engine joins the rooms: packets from capture, their bytes in order
// through dissect, the Facts of each session to whoever judges them.
// Everything here runs in one goroutine, so that the order of findings is the
// order of packets.
package engine

import (
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// Engine follows all connections of one capture after another. New makes one.
type Engine struct {
	decoder *decode.Decoder
	batch   batch
	segment *decode.Segment // that is being added; nil: none
	table   *reassembly.Table
	pool    session.Pool
	events  []dissect.Event
	doubted int // bytes of all doubts
	spare   []*conversation
	files   func() []string
	sink    func(*dissect.Facts)
	keeper  *evidence.Keeper // of packets; nil: none
	stats   Stats

	verified uint64 // the packet, counted, of which isSound is known
	isSound  bool
}

// New returns an engine that gives the Facts of each session to sink when it
// has ended. files lists the captures by capture.Packet.File.
func New(files func() []string, sink func(*dissect.Facts)) *Engine {
	e := &Engine{decoder: decode.New(), files: files, sink: sink}
	e.table = reassembly.New(reassembly.Limits{}, e)
	return e
}

// Keep lets k keep packets. It comes before the first one.
func (e *Engine) Keep(k *evidence.Keeper) { e.keeper = k }

// batch is what packets that are taken together were decoded to.
type batch struct {
	segments [reassembly.MaxExpected]decode.Segment
	results  [reassembly.MaxExpected]decode.Result
}

// Packet takes the next packet.
func (e *Engine) Packet(p *capture.Packet) {
	e.batch.results[0] = e.decoder.Decode(p, &e.batch.segments[0])
	e.table.Expect(e.batch.segments[:1])
	e.take(p, 0)
}

// MaxBatch is how many packets are taken together at most.
const MaxBatch = reassembly.MaxExpected

// Packets takes the next packets. It costs less than taking each by itself.
func (e *Engine) Packets(ps []capture.Packet) {
	for len(ps) > 0 {
		n := e.decode(ps)
		e.table.Expect(e.batch.segments[:n])
		for i := range n {
			e.take(&ps[i], i)
		}
		ps = ps[n:]
	}
}

// decode fills the batch and returns how many packets are in it.
func (e *Engine) decode(ps []capture.Packet) int {
	n := 0
	for ; n < min(len(ps), reassembly.MaxExpected); n++ {
		e.batch.results[n] = e.decoder.Decode(&ps[n], &e.batch.segments[n])
		if e.decoder.Joined() {
			return n + 1 // the next one may use the same memory
		}
	}
	return n
}

// take takes the packet that is decoded at i in the batch.
func (e *Engine) take(p *capture.Packet, i int) {
	st := &e.stats
	if st.Packets == 0 {
		st.First, st.Last = p.Time, p.Time
	}
	st.First, st.Last = min(st.First, p.Time), max(st.Last, p.Time)
	st.Packets++
	st.Bytes += uint64(p.Length)
	result := e.batch.results[i]
	if e.keeper != nil {
		e.keeper.Packet(p, &e.batch.segments[i], result)
	}
	if result == decode.TCP {
		e.segment = &e.batch.segments[i]
		e.table.AddExpected(i)
		return
	}
	e.Advance(p.Time)
	switch result {
	case decode.Truncated, decode.Malformed:
		st.Truncated++
	case decode.UnknownLink:
		st.UnknownLink++
	case decode.Fragment:
		st.Fragments++
	case decode.Encrypted:
		st.Encrypted++
	default:
		st.NotTCP++
	}
}

// Advance tells the packet clock when no packet comes, so that what waits for
// a lost one does not wait for ever. now is in ns since 1970 UTC.
func (e *Engine) Advance(now int64) {
	e.segment = nil
	e.table.Advance(now)
}

// Flush ends all sessions: the capture is over.
func (e *Engine) Flush() {
	e.segment = nil
	e.table.Flush()
	e.decoder.Forget()
}
