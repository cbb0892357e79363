package capture

import (
	"errors"
	"fmt"
	"strings"
)

// liveTags is how many VLAN tags of a frame a live filter looks behind: QinQ
// has two.
const liveTags = 2

// LiveFilter makes the expression for the kernel of a user's expression and of
// TCP ports, either of which may be missing; both must match then.
//
// As in CompileFilter an expression that does not name vlan sees what is behind
// VLAN tags: "tcp port 25" would never match a tagged frame else. One that
// names vlan is taken as it is; it cannot stand beside ports, for in the
// language of pcap-filter(7) all that follows the word looks behind a tag.
//
// A list of ports also lets through what may carry them and does not show them:
// fragments, IPv6 extension headers and tunnels.
func LiveFilter(link LinkType, expr string, ports []uint16) (string, error) {
	if NamesVLAN(expr) {
		if len(ports) > 0 {
			return "", errors.New("a filter that names vlan cannot be joined with a list of ports: name the ports in the filter")
		}
		return expr, nil
	}
	var parts []string
	if len(ports) > 0 {
		parts = append(parts, "("+portsOrHidden(ports)+")")
	}
	if strings.TrimSpace(expr) != "" {
		parts = append(parts, "("+expr+")")
	}
	all := strings.Join(parts, " and ")
	if all != "" && link == LinkEthernet {
		all = behindTags(all, liveTags)
	}
	return all, nil
}

// NamesVLAN tells whether an expression has the word vlan, from which on it
// looks behind a tag.
func NamesVLAN(expr string) bool { return namesVLAN.MatchString(expr) }

// behindTags lets an expression look behind no tag, one, or up to n. The order
// matters: "vlan" moves the offsets of all that follows it.
func behindTags(expr string, n int) string {
	if n == 0 {
		return expr
	}
	const untagged = "not (ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100)"
	return fmt.Sprintf("(%s and %s) or (vlan and (%s))", untagged, expr, behindTags(expr, n-1))
}

// hidden is what may carry TCP to a port without showing it to "tcp port",
// each a way in which decode finds TCP.
const hidden = "(ip and ip[6:2] & 0x3fff != 0)" + // fragments: the first may be too short for the ports
	" or ip proto 4 or ip proto 41 or ip proto 47 or ip proto 51" + // IPv4, IPv6, GRE (ERSPAN is that, too), AH
	" or ip6 proto 0 or ip6 proto 43 or ip6 proto 44 or ip6 proto 60" + // extension headers (RFC 8200, section 4)
	" or ip6 proto 4 or ip6 proto 41 or ip6 proto 47 or ip6 proto 51" +
	" or (udp and (port 2152 or port 4789 or port 8472 or port 6081 or port 5247))" + // GTP-U, VXLAN, Geneve, CAPWAP
	" or ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864 or ether proto 0x88e7" // MPLS, PPPoE, PBB

func portsOrHidden(ports []uint16) string {
	var list []string
	for _, p := range ports {
		list = append(list, fmt.Sprint("port ", p))
	}
	return "(tcp and (" + strings.Join(list, " or ") + ")) or " + hidden
}
