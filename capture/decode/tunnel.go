package decode

// maxTunnels bounds how many tunnels may be one in another.
const maxTunnels = 8

// tunnel is a way of carrying packets within packets.
type tunnel uint8

const (
	noTunnel tunnel = iota
	gre
	erspan
	vxlan
	geneve
	mpls
	pppoe
	ipip // IPv4 in IP, IPv6 in IPv6 (RFC 2003, RFC 2473)
	sixIn4
	gtpU
	capwap
)

var tunnelNames = [...]string{"", "gre", "erspan", "vxlan", "geneve", "mpls", "pppoe", "ipip", "6in4", "gtp-u", "capwap"}

// enter notes that what next reads is within a tunnel.
func (d *Decoder) enter(t tunnel, next step) step {
	if !d.key.addTunnel(t) {
		return tooDeep
	}
	return next
}

// lacks judges a packet whose tunnel needs n bytes of header and has not got
// them: either the capture cut it, or it is no such tunnel.
func (d *Decoder) lacks(n int) step {
	if n <= d.wire {
		return step(Truncated)
	}
	return step(NotTCP)
}

// outer judges the frame by what its innermost header was found to be. What
// looks like a tunnel but holds nonsense is none: then the frame is its outer
// packet, which is well-formed and no TCP.
func (d *Decoder) outer(r Result) Result {
	if d.key.tunnels[0] == noTunnel {
		return r
	}
	if r == Malformed || r == Truncated && d.wire == len(d.rest) {
		return NotTCP
	}
	return r
}

// carried goes on with what an EtherType in a tunnel's header announced.
func (d *Decoder) carried() step {
	switch {
	case d.etherType == etherTypeEthernet:
		return toEthernet
	case d.etherType == etherTypePPP:
		return toPPP
	case d.etherType < etherTypeMin:
		return step(NotTCP)
	}
	return toEtherType
}
