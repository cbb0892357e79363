package capture

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
)

// Filter is a compiled BPF filter for packets of one link type. It is not safe
// for concurrent use.
type Filter struct {
	// Untagged counts packets with VLAN tags that were looked at as if they
	// had none: "tcp port 25" would not find them else. An expression that
	// names vlan sees packets as they are.
	Untagged uint64

	program *pcap.BPF
	strip   bool
	bare    []byte // a packet without its tags
}

// namesVLAN finds the keyword in an expression.
var namesVLAN = regexp.MustCompile(`(?i)\bvlan\b`)

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
	return &Filter{program: program, strip: link == LinkEthernet && !namesVLAN.MatchString(expr)}, nil
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
	if n := tagged(data); f.strip && n > 0 {
		f.Untagged++
		f.bare = append(append(f.bare[:0], data[:addresses]...), data[addresses+n:]...)
		data, length = f.bare, length-n
	}
	return f.program.Matches(gopacket.CaptureInfo{CaptureLength: len(data), Length: length}, data)
}

const (
	addresses = 12 // bytes of an Ethernet frame before its type
	tagSize   = 4
	maxTags   = 4 // of a frame
)

// tagged returns how many bytes of VLAN tags an Ethernet frame has (IEEE
// 802.1Q, and 802.1ad with its older type 0x9100).
func tagged(frame []byte) int {
	n := 0
	for range maxTags {
		if len(frame) < addresses+n+tagSize+2 {
			break
		}
		switch binary.BigEndian.Uint16(frame[addresses+n:]) {
		case 0x8100, 0x88a8, 0x9100:
			n += tagSize
			continue
		}
		break
	}
	return n
}
