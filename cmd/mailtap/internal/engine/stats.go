package engine

// Stats counts what the engine has seen.
type Stats struct {
	Packets, Bytes uint64
	First, Last    int64 // ns since 1970 UTC; 0: no packet yet
	NotTCP         uint64
	Truncated      uint64 // packets cut within their headers
	UnknownLink    uint64
	Encrypted      uint64 // frames that the link layer has encrypted
	BadChecksums   uint64 // packets that told something; offloading makes them, too
	GapBytes       uint64 // lost in mail sessions
	Evicted        uint64 // flows ended by a limit
	Duplicates     uint64 // packets captured twice
	Forced         uint64 // times that a limit gave up waiting for bytes
	Unsettled      uint64 // repeated ranges that found no room until they could be compared
	Fragments      uint64 // packets that were a fragment, and did not complete a datagram
	Joined         uint64 // datagrams whose fragments were put together
	Unjoined       uint64 // datagrams given up, by a limit or by time, and fragments that fit nowhere
	Unpathed       uint64 // packets of VLANs and tunnels that were not told apart, by a limit
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	t := e.table.Stats()
	e.stats.Evicted, e.stats.Duplicates, e.stats.Forced = t.Evicted, t.Duplicates, t.Forced
	g := e.decoder.FragmentStats()
	e.stats.Joined, e.stats.Unjoined = g.Joined, g.TimedOut+g.Evicted+g.Dropped
	e.stats.Unpathed = e.decoder.PathsDropped()
	return e.stats
}
