package capture

import (
	"fmt"
	"math"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
)

// Filter is a compiled BPF filter for packets of one link type. It is not safe
// for concurrent use.
type Filter struct {
	program *pcap.BPF
}

// CompileFilter compiles a filter in the language of pcap-filter(7); snaplen 0
// stands for MaxPacket. The compiler knows link types of 8 bits only, so one
// for Linux SLL2 is refused.
func CompileFilter(link LinkType, snaplen int, expr string) (*Filter, error) {
	if link > math.MaxUint8 {
		return nil, fmt.Errorf("filter %q: no filter can be compiled for link type %d (its numbers end at 255; Linux SLL2 is 276)", expr, link)
	}
	if snaplen <= 0 {
		snaplen = MaxPacket
	}
	program, err := pcap.NewBPF(layers.LinkType(dlt(link)), snaplen, expr)
	if err != nil {
		return nil, fmt.Errorf("filter %q: %w", expr, err)
	}
	return &Filter{program}, nil
}

// dlt returns the number by which libpcap's compiler on Linux knows a link
// type; that of raw IP is not the one in files.
func dlt(link LinkType) LinkType {
	if link == LinkRaw || link == LinkRawOpen {
		return LinkRawBSD
	}
	return link
}

// Match tells whether the filter holds for a packet of length bytes, of which
// data was captured. An empty packet never matches.
func (f *Filter) Match(data []byte, length int) bool {
	if len(data) == 0 {
		return false
	}
	return f.program.Matches(gopacket.CaptureInfo{CaptureLength: len(data), Length: length}, data)
}
