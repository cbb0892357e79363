package policy

import (
	"net/netip"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// OwnServer tells whether a session's server is one of ours: by its address, or
// by a name of one of our domains that it gives.
func (p *Policy) OwnServer(f *dissect.Facts) bool {
	if p.own(f.Server.Addr()) {
		return true
	}
	for name := range serverNames(f) {
		if p.belowLocal(name) {
			return true
		}
	}
	return false
}

// OwnClient tells whether a session's client is, or may be, one of ours: by the
// address that a proxy in front of the server names, else by its own.
func (p *Policy) OwnClient(f *dissect.Facts) bool {
	if f.Signs != nil && f.Signs.RealClient != "" {
		return p.own(proxied(f.Signs.RealClient))
	}
	return p.own(f.Client.Addr())
}

// own tells an address of ours. Where the admin names no networks, those are
// ours that are never anybody's on the Internet (RFC 1918, RFC 4193).
func (p *Policy) own(addr netip.Addr) bool {
	switch {
	case p == nil || !addr.IsValid():
		return false
	case len(p.TrustedNetworks) > 0:
		return p.Trusted(addr)
	}
	addr = addr.Unmap()
	return addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast()
}

// proxied reads "192.0.2.7:51812", or an address alone.
func proxied(client string) netip.Addr {
	if a, err := netip.ParseAddrPort(client); err == nil {
		return a.Addr()
	}
	a, _ := netip.ParseAddr(client)
	return a
}

// belowLocal tells one of our domains, or a name below it.
func (p *Policy) belowLocal(name string) bool {
	for more := true; more; _, name, more = strings.Cut(name, ".") {
		if p.Local(name) {
			return true
		}
	}
	return false
}
