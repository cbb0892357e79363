package engine

import (
	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
)

// finish completes the Facts of an ended session with what the flow knows.
func (e *Engine) finish(f *reassembly.Flow, c *conversation) {
	facts, s := c.facts, &c.session
	server := reassembly.Direction(s.Server())
	facts.Finish()
	facts.Dialogue = s.Dialogue()
	facts.Protocol = s.Protocol()
	facts.Client, facts.Server = f.Src(server^1), f.Src(server)
	facts.VLAN, facts.Tunnel = e.path(f, facts.Tunnel)
	facts.Start, facts.End = f.First(), f.Last()
	facts.Packets = f.Packets()
	facts.Bytes = [2]uint64{f.Bytes(server ^ 1), f.Bytes(server)}
	facts.Flags |= flags(f.Flags())
	if !s.StandardPort() {
		facts.Flags |= dissect.NonStandardPort
	}
	names := e.files()
	for _, i := range f.Files() {
		facts.Files = append(facts.Files, names[i])
	}
	if facts.Bytes[0]+facts.Bytes[1] == 0 && facts.Flags&dissect.Truncated == 0 {
		return // without a payload byte it is no session
	}
	e.stats.GapBytes += c.lost
	if e.keeper != nil {
		e.keeper.Ended(f, facts)
	}
	e.sink(facts)
}

// path puts what proxies added behind the tunnels of the packets.
func (e *Engine) path(f *reassembly.Flow, proxies []string) (vlans []uint16, tunnels []string) {
	vlans, tunnels = e.decoder.Path(f.Path())
	return vlans, append(tunnels[:len(tunnels):len(tunnels)], proxies...)
}

// flagNames are what reassembly noticed, in the words of dissect.
var flagNames = [...]struct {
	in  reassembly.Flags
	out dissect.Flags
}{
	{reassembly.Midstream, dissect.Midstream},
	{reassembly.OneSided, dissect.OneSided},
	{reassembly.Gapped, dissect.Gap},
	{reassembly.Duplicated, dissect.Duplicated},
	{reassembly.Evicted, dissect.Evicted},
	{reassembly.Truncated, dissect.Truncated},
}

// flags translates what reassembly noticed.
func flags(in reassembly.Flags) (out dissect.Flags) {
	for _, pair := range &flagNames {
		if in&pair.in != 0 {
			out |= pair.out
		}
	}
	return out
}
