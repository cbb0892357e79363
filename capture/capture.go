// Package capture reads packets from capture files and from live devices.
//
// It knows frames, clocks and link types, and nothing of what they carry.
package capture

// Packet is one captured frame.
type Packet struct {
	Data   []byte   // captured bytes; valid until the next packet is read
	Length int      // bytes on the wire, more than len(Data) where the capture cut it
	Time   int64    // ns since 1970 UTC
	Number uint64   // from 1, within its file, as Wireshark counts
	File   int32    // index into the reader's list of files
	Link   LinkType // of the interface that saw it
}

// LinkType is a LINKTYPE_ number of https://www.tcpdump.org/linktypes.html.
type LinkType uint16

// The link types that are decoded.
const (
	LinkNull       LinkType = 0
	LinkEthernet   LinkType = 1
	LinkPPP        LinkType = 9
	LinkRawBSD     LinkType = 12 // DLT_RAW as some systems write it
	LinkRawOpen    LinkType = 14 // DLT_RAW on OpenBSD
	LinkPPPHDLC    LinkType = 50
	LinkPPPoE      LinkType = 51
	LinkATM        LinkType = 100 // RFC 2684, with LLC
	LinkRaw        LinkType = 101
	LinkCiscoHDLC  LinkType = 104
	LinkWLAN       LinkType = 105 // IEEE 802.11
	LinkFrameRelay LinkType = 107
	LinkLoop       LinkType = 108
	LinkENC        LinkType = 109 // OpenBSD, decrypted IPsec
	LinkLinuxSLL   LinkType = 113
	LinkPFLOG      LinkType = 117 // OpenBSD's packet filter
	LinkPrism      LinkType = 119 // IEEE 802.11 behind a Prism header
	LinkRadiotap   LinkType = 127 // IEEE 802.11 behind Radiotap
	LinkAVS        LinkType = 163 // IEEE 802.11 behind an AVS header
	LinkJuniper    LinkType = 178 // Ethernet on JunOS
	LinkPPI        LinkType = 192
	LinkIPv4       LinkType = 228
	LinkIPv6       LinkType = 229
	LinkNFLOG      LinkType = 239
	LinkPKTAP      LinkType = 258 // macOS
	LinkSLL2       LinkType = 276
)
