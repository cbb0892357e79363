// Package decode finds the TCP segment in a captured frame: through the link
// layer, VLAN tags, tunnels, and IP with its options, extension headers and
// fragments.
//
// Between packets it keeps the list of paths and the fragments of datagrams
// that are not whole yet, both bounded. It knows nothing of streams.
package decode

import (
	"math"

	"github.com/mailtap/mailtap/capture"
)

// maxHeaders bounds how many headers of one frame are followed: enough for
// maxTunnels of the longest kind, one in another.
const maxHeaders = 64

// Result says what Decode found.
type Result uint8

// The results.
const (
	TCP         Result = iota // a segment
	NotTCP                    // something else that is well-formed as far as it was read, or a tunnel with nothing plausible in it
	Truncated                 // the frame ends within a header
	UnknownLink               // a link type that is not decoded
	Malformed                 // a header contradicts itself, or there are too many
	Fragment                  // a fragment of an IP packet that did not complete it: see FragmentStats
	Encrypted                 // data that the link layer has encrypted
)

var resultNames = [...]string{"tcp", "not-tcp", "truncated", "unknown-link", "malformed", "fragment", "encrypted"}

func (r Result) String() string { return resultNames[r] }

// step is what comes next in a frame: a header, or a Result that ends the
// walk. A layer is added with a step of its own and a case in Decode.
type step uint8

const (
	toEthernet  step = iota + 16 // above the Results
	toEtherType                  // Decoder.etherType says what follows
	toLLC
	toNull
	toRaw
	toPPP
	toSLL
	toSLL2
	toIPv4
	toIPv6
	toExtensions // the same, or an extension header of IPv6
	toTransport  // Decoder.proto says what follows
	toMPLS
	toPPPoE
	toPBB
	toCHDLC
	toFrameRelay
	toWLAN
	toRadiotap
	toPrism
	toAVS
	toPPI
	toPKTAP
	toPFLOG
	toENC
	toNFLOG
	toJuniper
	tooDeep // more than maxTunnels
)

// Decoder decodes packets one at a time. It is not safe for concurrent use.
type Decoder struct {
	rest []byte // captured, from the next header on
	wire int    // bytes on the wire from the next header on, not less than len(rest)

	etherType uint16
	proto     uint8 // of IP
	key       pathKey
	now       int64 // time of the packet

	ip  []byte // the innermost IP header, at least its fixed part
	via bool   // a routing header hides the address that the checksum of TCP is over

	paths     paths
	fragments *fragments
	isJoined  bool                // this packet made a datagram whole
	joined    []byte              // content of the last one that was
	header    [maxIPv4Header]byte // the IP header it came with
}

// New returns a Decoder.
func New() *Decoder { return &Decoder{paths: newPaths(), fragments: newFragments()} }

// Decode finds the TCP segment of p and fills in s, which is valid only if the
// Result is TCP. It does not verify checksums of TCP: see Segment.ChecksumOK.
// Of a segment that came in fragments, p is the packet that made it whole.
func (d *Decoder) Decode(p *capture.Packet, s *Segment) Result {
	d.isJoined = false
	if d.plain(p, s) {
		return TCP
	}
	d.rest, d.wire = p.Data, max(p.Length, len(p.Data))
	d.key, d.now = pathKey{}, p.Time
	next := firstStep(p.Link)
	for range maxHeaders {
		switch next {
		case toEthernet:
			next = d.ethernet()
		case toEtherType:
			next = d.byEtherType()
		case toLLC:
			next = d.llc()
		case toNull:
			next = d.null()
		case toRaw:
			next = d.raw()
		case toPPP:
			next = d.ppp()
		case toSLL:
			next = d.sll()
		case toSLL2:
			next = d.sll2()
		case toIPv4:
			next = d.ipv4(s)
		case toIPv6:
			next = d.ipv6(s)
		case toExtensions:
			next = d.extensions(s)
		case toTransport:
			next = d.transport(s)
		case toMPLS:
			next = d.mpls()
		case toPPPoE:
			next = d.pppoe()
		case toPBB:
			next = d.pbb()
		case toCHDLC:
			next = d.chdlc()
		case toFrameRelay:
			next = d.frameRelay()
		case toWLAN:
			next = d.wlan(false)
		case toRadiotap:
			next = d.radiotap()
		case toPrism:
			next = d.prism()
		case toAVS:
			next = d.avs()
		case toPPI:
			next = d.ppi()
		case toPKTAP:
			next = d.pktap()
		case toPFLOG:
			next = d.pflog()
		case toENC:
			next = d.skipTo(encLen, toRaw)
		case toNFLOG:
			next = d.nflog()
		case toJuniper:
			next = d.juniper()
		case step(TCP):
			s.Time, s.Packet, s.File = p.Time, p.Number, p.File
			s.Path = d.paths.id(d.key)
			return TCP
		case tooDeep:
			return Malformed
		default:
			return d.outer(Result(next))
		}
	}
	return Malformed
}

// Joined tells whether the segment found last came in fragments: it lies in the
// Decoder's memory then, until the next Decode, and not in that of a packet.
func (d *Decoder) Joined() bool { return d.isJoined }

func firstStep(link capture.LinkType) step {
	switch link {
	case capture.LinkEthernet:
		return toEthernet
	case capture.LinkNull, capture.LinkLoop:
		return toNull
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOpen, capture.LinkIPv4, capture.LinkIPv6:
		return toRaw
	case capture.LinkPPP, capture.LinkPPPHDLC:
		return toPPP
	case capture.LinkLinuxSLL:
		return toSLL
	case capture.LinkSLL2:
		return toSLL2
	case capture.LinkPPPoE:
		return toPPPoE
	case capture.LinkATM:
		return toLLC
	case capture.LinkCiscoHDLC:
		return toCHDLC
	case capture.LinkFrameRelay:
		return toFrameRelay
	case capture.LinkWLAN:
		return toWLAN
	case capture.LinkRadiotap:
		return toRadiotap
	case capture.LinkPrism:
		return toPrism
	case capture.LinkAVS:
		return toAVS
	case capture.LinkPPI:
		return toPPI
	case capture.LinkPKTAP:
		return toPKTAP
	case capture.LinkPFLOG:
		return toPFLOG
	case capture.LinkENC:
		return toENC
	case capture.LinkNFLOG:
		return toNFLOG
	case capture.LinkJuniper:
		return toJuniper
	}
	return step(UnknownLink)
}

// linkStep is firstStep of a number that a header names.
func linkStep(link uint32) step {
	if link > math.MaxUint16 {
		return step(UnknownLink)
	}
	return firstStep(capture.LinkType(link))
}

// Known tells whether frames of a link type are decoded.
func Known(link capture.LinkType) bool { return firstStep(link) != step(UnknownLink) }

// skip consumes n bytes of header, which have been captured.
func (d *Decoder) skip(n int) {
	d.rest = d.rest[n:]
	d.wire -= n
}

// trim cuts off what follows the first n bytes on the wire: padding, trailers,
// frame check sequences.
func (d *Decoder) trim(n int) {
	if n > d.wire {
		n = d.atMost(n)
	}
	d.rest = d.rest[:min(n, len(d.rest))]
	d.wire = n
}

// atMost returns how many of n bytes there can be, which are more than those
// known of. A tunnel's packet bounds what is in it; a frame does not, for its
// own length may not have been recorded.
func (d *Decoder) atMost(n int) int {
	if d.key.bounds() {
		return d.wire
	}
	return n
}

// Forget drops the fragments that wait for others: what follows is another
// capture, with a clock of its own.
func (d *Decoder) Forget() { d.fragments.forget() }

// FragmentStats returns what became of fragments so far.
func (d *Decoder) FragmentStats() FragmentStats { return d.fragments.stats }

// Path returns the VLANs and tunnels that an id of this Decoder stands for,
// outermost first. They must not be changed.
func (d *Decoder) Path(id PathID) (vlans []uint16, tunnels []string) { return d.paths.lists(id) }

// PathsDropped counts the packets whose path found no room in the list of
// MaxPaths, and which share the path "others".
func (d *Decoder) PathsDropped() uint64 { return d.paths.dropped }
