package decode_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// Headers of Wi-Fi frames.
const (
	station  = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x03"
	wlanToAP = "\x08\x01\x2c\x00" + station + "\x10\x00"
	wlanQoS  = "\x88\x02\x2c\x00" + station + "\x10\x00" + "\x00\x00"
	snap4    = "\xaa\xaa\x03\x00\x00\x00\x08\x00"
	snap6    = "\xaa\xaa\x03\x00\x00\x00\x86\xdd"
)

var (
	encrypted   = seen{Result: "encrypted"}
	unknownLink = seen{Result: "unknown-link"}
)

// prefixTests are frames behind headers of the system that captured them.
var prefixTests = []struct {
	name string
	link capture.LinkType
	data string
	want seen
}{
	{"wlan", capture.LinkWLAN, wlanToAP + snap4 + packet4, v4},
	{"wlan, QoS", capture.LinkWLAN, wlanQoS + snap6 + packet6, v6},
	{"wlan, a frame check sequence behind", capture.LinkWLAN, wlanToAP + snap4 + packet4 + "\x01\x02\x03\x04", v4},
	{"wlan, between access points", capture.LinkWLAN, "\x08\x03\x2c\x00" + station + "\x10\x00" + station[:6] + snap4 + packet4, v4},
	{"wlan, the same with QoS", capture.LinkWLAN, "\x88\x03\x2c\x00" + station + "\x10\x00" + station[:6] + "\x05\x00" + snap4 + packet4, v4},
	{"wlan, QoS and HT control", capture.LinkWLAN, "\x88\x81\x2c\x00" + station + "\x10\x00\x00\x00" + "\x01\x02\x03\x04" + snap4 + packet4, v4},
	{"wlan, an aggregate", capture.LinkWLAN, with(wlanQoS, 24, "\x80") + macs + "\x00\x46" + snap4 + packet4 + "\x00\x00\x00" + macs + "\x00\x08" + snap4, v4},
	{"wlan, a cut aggregate", capture.LinkWLAN, with(wlanQoS, 24, "\x80") + macs, truncated},
	{"wlan, encrypted", capture.LinkWLAN, with(wlanToAP, 1, "\x41") + snap4 + packet4, encrypted},
	{"wlan, the second fragment", capture.LinkWLAN, with(wlanToAP, 22, "\x11") + snap4 + packet4, notTCP},
	{"wlan, more fragments", capture.LinkWLAN, with(wlanToAP, 1, "\x05") + snap4 + packet4, notTCP},
	{"wlan, a beacon", capture.LinkWLAN, with(wlanToAP, 0, "\x80\x00") + snap4 + packet4, notTCP},
	{"wlan, an acknowledgement", capture.LinkWLAN, "\xd4\x08\x00\x00" + station[:6], notTCP},
	{"wlan, no data", capture.LinkWLAN, "\x48\x11\x2c\x00" + station + "\x10\x00", notTCP},
	{"wlan, cut", capture.LinkWLAN, wlanToAP[:23], truncated},
	{"wlan, empty", capture.LinkWLAN, "", truncated},

	{"radiotap", capture.LinkRadiotap, "\x00\x00\x08\x00\x00\x00\x00\x00" + wlanToAP + snap4 + packet4, v4},
	{"radiotap, padded", capture.LinkRadiotap, "\x00\x00\x12\x00\x03\x00\x00\x00" + "12345678" + "\x20\x00" + wlanQoS + "\x00\x00" + snap4 + packet4, v4},
	{"radiotap, not padded", capture.LinkRadiotap, "\x00\x00\x0a\x00\x02\x00\x00\x00" + "\x10\x00" + wlanQoS + snap4 + packet4, v4},
	{"radiotap, three words of what is present", capture.LinkRadiotap,
		"\x00\x00\x1a\x00\x03\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x00" + "12345678" + "\x20\x00" + wlanQoS + "\x00\x00" + snap4 + packet4, v4},
	{"radiotap, two words of what is present", capture.LinkRadiotap,
		"\x00\x00\x1c\x00\x03\x00\x00\x80\x00\x00\x00\x00" + "0000" + "12345678" + "\x20\x00\x00\x00" + wlanQoS + "\x00\x00" + snap4 + packet4, v4},
	{"radiotap, words without end", capture.LinkRadiotap, "\x00\x00\x10\x00\x00\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x80" + wlanToAP + snap4 + packet4, malformed},
	{"radiotap, longer than its frame", capture.LinkRadiotap, "\x00\x00\xff\x00\x00\x00\x00\x00" + wlanToAP, truncated},
	{"radiotap, of another version", capture.LinkRadiotap, "\x01\x00\x08\x00\x00\x00\x00\x00" + wlanToAP + snap4 + packet4, malformed},
	{"radiotap, encrypted", capture.LinkRadiotap, "\x00\x00\x08\x00\x00\x00\x00\x00" + with(wlanQoS, 1, "\x42") + packet4, encrypted},
	{"prism", capture.LinkPrism, "\x44\x00\x00\x00\x90\x00\x00\x00" + strings.Repeat("\x00", 136) + wlanToAP + snap4 + packet4, v4},
	{"prism, AVS", capture.LinkPrism, "\x80\x21\x10\x01\x00\x00\x00\x40" + strings.Repeat("\x00", 56) + wlanToAP + snap4 + packet4, v4},
	{"prism, longer than its frame", capture.LinkPrism, "\x44\x00\x00\x00\xff\xff\xff\xff" + wlanToAP, malformed},
	{"avs", capture.LinkAVS, "\x80\x21\x10\x02\x00\x00\x00\x50" + strings.Repeat("\x00", 72) + wlanToAP + snap4 + packet4, v4},
	{"ppi, Wi-Fi", capture.LinkPPI, "\x00\x00\x08\x00\x69\x00\x00\x00" + wlanToAP + snap4 + packet4, v4},
	{"ppi, Ethernet", capture.LinkPPI, "\x00\x00\x0c\x00\x01\x00\x00\x00" + "\x02\x00\x00\x00" + eth4 + packet4, v4},
	{"ppi, what is not read", capture.LinkPPI, "\x00\x00\x08\x00\xbb\x00\x00\x00" + packet4, unknownLink},
	{"ppi in itself", capture.LinkPPI, strings.Repeat("\x00\x00\x08\x00\xc0\x00\x00\x00", 100), malformed},

	{"pktap, Ethernet", capture.LinkPKTAP, "\x6c\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 96) + eth4 + packet4, v4},
	{"pktap, loopback", capture.LinkPKTAP, "\x6c\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 96) + "\x1e\x00\x00\x00" + packet6, v6},
	{"pktap, of no length", capture.LinkPKTAP, strings.Repeat("\x00", 12) + packet4, malformed},
	{"pktap, a number that is none", capture.LinkPKTAP, "\x0c\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01\x00" + eth4 + packet4, unknownLink},
	{"pktap, cut", capture.LinkPKTAP, "\x6c\x00\x00\x00", truncated},
	{"pflog", capture.LinkPFLOG, "\x3d\x02" + strings.Repeat("\x00", 62) + packet4, v4},
	{"pflog, cut", capture.LinkPFLOG, "\x3d", truncated},
	{"enc", capture.LinkENC, "\x02\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02" + packet4, v4},
	{"nflog", capture.LinkNFLOG, "\x02\x00\x00\x00" + "\x08\x00\x01\x00\x00\x00\x03\x00" + "\x05\x00\x0a\x00\x00\x00\x00\x00" + "\x42\x00\x09\x00" + packet4 + "\x00\x00", v4},
	{"nflog, no packet", capture.LinkNFLOG, "\x02\x00\x00\x00" + "\x08\x00\x01\x00\x00\x00\x03\x00", notTCP},
	{"nflog, an attribute of no length", capture.LinkNFLOG, "\x02\x00\x00\x00" + "\x00\x00\x01\x00" + packet4, malformed},
	{"nflog, attributes without end", capture.LinkNFLOG, "\x02\x00\x00\x00" + strings.Repeat("\x04\x00\x01\x00", 100), notTCP},
	{"nflog, of another version", capture.LinkNFLOG, "\x02\x01\x00\x00" + packet4, notTCP},
	{"PPPoE", capture.LinkPPPoE, "\x11\x00\x00\x01\x00\x40\x00\x21" + packet4, v4.in("pppoe")},
	{"ATM", capture.LinkATM, snap4 + packet4, v4},
	{"Cisco HDLC", capture.LinkCiscoHDLC, "\x0f\x00\x86\xdd" + packet6, v6},
	{"Cisco HDLC, cut", capture.LinkCiscoHDLC, "\x0f\x00\x86", truncated},
	{"frame relay", capture.LinkFrameRelay, "\x18\x41\x03\xcc" + packet4, v4},
	{"frame relay, IPv6", capture.LinkFrameRelay, "\x18\x41\x03\x8e" + packet6, v6},
	{"frame relay, SNAP", capture.LinkFrameRelay, "\x18\x41\x03\x00\x80\x00\x00\x00\x08\x00" + packet4, v4},
	{"frame relay, its management", capture.LinkFrameRelay, "\x00\x01\x03\x08\x00\x75", notTCP},
	{"frame relay, cut", capture.LinkFrameRelay, "\x18\x41\x03\x00", truncated},
	{"juniper", capture.LinkJuniper, "MGC\x81\x00\x06\x01\x01\x00\x02\x01\x00" + eth4 + packet4, v4},
	{"juniper, nothing more", capture.LinkJuniper, "MGC\x00" + eth6 + packet6, v6},
	{"juniper, without a link layer", capture.LinkJuniper, "MGC\x82\x00\x00" + packet4, notTCP},
	{"juniper, another beginning", capture.LinkJuniper, eth4 + packet4, malformed},
}

func TestPrefix(t *testing.T) {
	for _, test := range prefixTests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decodeOne(decode.New(), test.link, test.data, len(test.data))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
