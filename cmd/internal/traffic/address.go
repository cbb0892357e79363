package traffic

import "net/netip"

const (
	clientHosts = 1000  // hosts that open connections
	clientPorts = 28000 // ports of each, from firstPort, before one is used again
	firstPort   = 32768
	netHosts    = 250 // hosts of an IPv4 /24
	ipv6Rate    = 100 // flows of 1000 that use IPv6
)

// service is a group of servers on one port.
type service struct {
	protocol string
	net      byte // third byte of their IPv4 network
	hosts    int
	port     uint16
}

var (
	relay      = service{"smtp", 1, 12, 25}
	submission = service{"smtp", 2, 8, 587}
	imapServer = service{"imap", 3, 12, 143}
	popServer  = service{"pop3", 4, 12, 110}
	webServer  = service{"", 5, netHosts, 80}
	tlsServer  = service{"", 6, netHosts, 443}
	sshServer  = service{"", 7, 40, 22}
	dnsServer  = service{"", 8, 2, 53}
)

// clientEnd returns the client's end of connection n. No two connections share
// one until all ports of all hosts were used.
func clientEnd(n int, v6 bool) netip.AddrPort {
	host, port := n%clientHosts, firstPort+uint16(n/clientHosts%clientPorts)
	if v6 {
		return netip.AddrPortFrom(documentation(1, host), port)
	}
	a := netip.AddrFrom4([4]byte{10, 16, byte(host / netHosts), byte(host%netHosts + 1)})
	return netip.AddrPortFrom(a, port)
}

// end returns server i of the service.
func (s service) end(i int, v6 bool) netip.AddrPort {
	if v6 {
		return netip.AddrPortFrom(documentation(0x200|uint16(s.net), i), s.port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 200, s.net, byte(i + 1)}), s.port)
}

// documentation returns a host of a network in 2001:db8::/32 (RFC 3849).
func documentation(network uint16, host int) netip.Addr {
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 0, byte(network >> 8), byte(network)}
	a[14], a[15] = byte((host+1)>>8), byte(host+1)
	return netip.AddrFrom16(a)
}
