// Package reassembly follows TCP connections (RFC 9293) as an onlooker and
// gives the bytes of each direction in order.
//
// Both directions are given in the order in which the ends acted: on a mirror
// port a reply may be captured before its command, so data is held until what
// it acknowledges has been given, or is known to be lost. The clock is the
// packets' clock. It knows nothing of what the bytes mean.
//
// Nothing grows without a limit: see Limits. A Table and its Flows belong to
// one goroutine.
package reassembly

import "time"

// Limits bound a Table. A zero field takes its default.
type Limits struct {
	Flows     int           // open connections; default 131,072. Beyond, the longest silent is ended
	HalfOpen  int           // of those, without payload yet; default a quarter of Flows
	Lingering int           // of those, over, and remembered; default an eighth of Flows. Beyond, the one that ended first is forgotten
	Held      int           // bytes held by all connections together, overhead included; default 16 MiB
	HeldEach  int           // bytes held by one direction, overhead included; default 1 MiB, at most 1 GiB
	Patience  time.Duration // how long a hole, or an acknowledged byte, is waited for, and the rest of a connection that both ends have closed, or one has reset; default 1 s
	Idle      time.Duration // silence after which a connection is over; default 1 h
	Forgotten time.Duration // the same for a connection that is ignored; default 5 min
	Nascent   time.Duration // the same before its first payload; default 1 min
	Linger    time.Duration // how long a closed connection is remembered; default 15 s
}

func (l Limits) withDefaults() Limits {
	or := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	orTime := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	or(&l.Flows, 131_072)
	or(&l.HalfOpen, max(1, l.Flows/4))
	or(&l.Lingering, max(1, l.Flows/8))
	or(&l.Held, 16<<20)
	or(&l.HeldEach, 1<<20)
	orTime(&l.Patience, time.Second)
	orTime(&l.Idle, time.Hour)
	orTime(&l.Forgotten, 5*time.Minute)
	orTime(&l.Nascent, time.Minute)
	orTime(&l.Linger, 15*time.Second)
	return l
}

// Bounds that no setting moves.
const (
	maxAhead   = 1 << 30 // sequence numbers further ahead are noise
	maxAcked   = 1 << 20 // what acknowledges further ahead is not held for it
	maxBehind  = 1 << 20 // bytes further behind are no repetition
	maxBack    = 1 << 16 // how far the beginning of a connection joined late may move
	maxPieces  = 1 << 10 // segments held by one direction
	fewMarks   = 8       // packets remembered of a direction: see Flow.At
	maxMarks   = 64      // the same where one end talks on in small packets; powers of two
	markSpan   = 8 << 10 // for so many bytes
	maxFiles   = 64      // captures remembered of a connection
	maxAgain   = 1 << 16 // bytes that came again are told of if they are not older
	twice      = 1e6     // ns within which the same bytes are one packet, captured twice
	maxSkew    = 2e6     // ns by which a mirror port may deliver one direction behind the other
	copyWindow = 1e9     // ns within which a packet of another path is a copy

	pieceOverhead = 128 // bytes that a held segment costs beside its payload
)

// Stats counts what a Table has met.
type Stats struct {
	Flows       uint64 // connections begun
	Open        int    // connections known now, closed ones that linger included
	Held        int    // bytes held now, overhead included
	Evicted     uint64 // connections ended by the limit of flows
	HalfOpen    uint64 // of those, without payload
	Forced      uint64 // times that held data was given up to keep within a limit
	OutOfOrder  uint64 // segments that had to be held
	Retransmits uint64 // segments that held nothing new
	Duplicates  uint64 // packets captured twice, also under another path
	ClockLeaps  uint64 // packets whose time is so far ahead that the clock waited for a second one
	OutOfWindow uint64 // segments too far from their stream to belong to it, or of bytes that were given up
	GapBytes    uint64 // lost
}

// Flags are circumstances of a connection.
type Flags uint8

// The flags.
const (
	Midstream  Flags = 1 << iota // no SYN of the opener was captured
	OneSided                     // packets of one direction only
	Gapped                       // bytes were lost
	Duplicated                   // packets were captured twice
	Evicted                      // a limit ended it
	Truncated                    // payload was cut by the capture

	mirrored // there is a copy of it, under another path
	enrolled // it stands in Table.twins
)
