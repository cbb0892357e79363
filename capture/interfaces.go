package capture

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/gopacket/pcap"
)

// Interface is a device that packets can be captured from.
type Interface struct {
	Name        string
	Description string
	Addresses   []netip.Addr
	Up          bool
	Loopback    bool
}

// Flags of a device (pcap_findalldevs(3PCAP)).
const (
	deviceLoopback = 1
	deviceUp       = 2
)

// Interfaces lists the network devices, in the order in which libpcap prefers
// them. It needs no special rights.
func Interfaces() ([]Interface, error) {
	devices, err := pcap.FindAllDevs()
	if err != nil {
		return nil, err
	}
	network, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	list := make([]Interface, 0, len(devices))
	for _, d := range devices {
		// libpcap knows other sources, too: Bluetooth, D-Bus, what a firewall logs.
		if d.Name != anyInterface && !slices.ContainsFunc(network, func(i net.Interface) bool { return i.Name == d.Name }) {
			continue
		}
		i := Interface{
			Name:        d.Name,
			Description: d.Description,
			Up:          d.Flags&deviceUp != 0,
			Loopback:    d.Flags&deviceLoopback != 0,
		}
		for _, a := range d.Addresses {
			if addr, ok := netip.AddrFromSlice(a.IP); ok {
				i.Addresses = append(i.Addresses, addr.Unmap())
			}
		}
		list = append(list, i)
	}
	return list, nil
}

// interfaceNames lists the devices in words, and tells whether one is there.
func interfaceNames(wanted string) (names string, found bool) {
	list, err := Interfaces()
	if err != nil {
		return "none that can be listed", false
	}
	var all []string
	for _, i := range list {
		all = append(all, i.Name)
		found = found || i.Name == wanted
	}
	return strings.Join(all, ", "), found
}
