package session

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
)

// preface is what a proxy said before the mail session began.
type preface struct {
	name string // "http-connect", "socks", "proxy"
	size [2]int // bytes of each flow direction that belong to it
	from string // the client that the PROXY protocol names, "192.0.2.7:51812"; "" where it names none
}

// step is how far a preface has been read.
type step uint8

const (
	noPreface step = iota
	moreNeeded
	whole
)

// readPreface looks for a proxy's preface at the beginning of a connection:
// HTTP CONNECT with a 2xx answer (RFC 9110, section 9.3.6), SOCKS 4 and 5
// (RFC 1928), or the PROXY protocol 1 and 2 of HAProxy. asked is the opener's direction.
func readPreface(asked, answered []byte) (preface, step) {
	switch {
	case len(asked) == 0:
		return preface{}, noPreface
	case startsLike(asked, "CONNECT "):
		return readConnect(asked, answered)
	case startsLike(asked, "PROXY "):
		return readProxy1(asked)
	case startsLike(asked, proxy2Signature):
		return readProxy2(asked)
	case asked[0] == 4:
		return readSocks4(asked, answered)
	case asked[0] == 5:
		return readSocks5(asked, answered)
	}
	return preface{}, noPreface
}

// startsLike tells whether b is prefix, begins with it, or may still become it.
func startsLike(b []byte, prefix string) bool {
	n := min(len(b), len(prefix))
	return string(b[:n]) == prefix[:n]
}

func readConnect(asked, answered []byte) (preface, step) {
	head := bytes.Index(asked, []byte("\r\n\r\n"))
	if head < 0 || len(answered) < len("HTTP/1.1 200") {
		return preface{}, moreNeeded
	}
	if !bytes.HasPrefix(answered, []byte("HTTP/1.")) || answered[9] != '2' {
		return preface{}, noPreface
	}
	end := bytes.Index(answered, []byte("\r\n\r\n"))
	if end < 0 {
		return preface{}, moreNeeded
	}
	return preface{name: "http-connect", size: [2]int{head + 4, end + 4}}, whole
}

// readProxy1 reads the line of PROXY protocol version 1, at most 107 bytes.
func readProxy1(asked []byte) (preface, step) {
	end := bytes.Index(asked, []byte("\r\n"))
	switch {
	case end < 0 && len(asked) > 107:
		return preface{}, noPreface
	case end < 0:
		return preface{}, moreNeeded
	}
	return preface{"proxy", [2]int{end + 2, 0}, proxy1Client(asked[:end])}, whole
}

// proxy1Client reads the source of "PROXY TCP4 source target port port". Behind
// "PROXY UNKNOWN" stands nothing that counts (section 2.1).
func proxy1Client(line []byte) string {
	word := bytes.Split(line, []byte{' '})
	if len(word) != 6 || string(word[1]) != "TCP4" && string(word[1]) != "TCP6" {
		return ""
	}
	addr, err := netip.ParseAddr(string(word[2]))
	port, err2 := strconv.ParseUint(string(word[4]), 10, 16)
	if err != nil || err2 != nil || addr.Zone() != "" {
		return ""
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)).String()
}

const proxy2Signature = "\r\n\r\n\x00\r\nQUIT\n"

func readProxy2(asked []byte) (preface, step) {
	const header = len(proxy2Signature) + 4
	if len(asked) < header {
		return preface{}, moreNeeded
	}
	if asked[12]>>4 != 2 {
		return preface{}, noPreface
	}
	size := header + int(binary.BigEndian.Uint16(asked[14:]))
	if len(asked) < size {
		return preface{}, moreNeeded
	}
	return preface{"proxy", [2]int{size, 0}, proxy2Client(asked[12], asked[13], asked[header:size])}, whole
}

// proxy2Client reads the source of a header of version 2 (section 2.2): both
// addresses, then both ports. A LOCAL connection is the proxy's own.
func proxy2Client(command, family byte, addresses []byte) string {
	const proxied, tcp4, tcp6 = 0x21, 0x11, 0x21
	size := 0
	switch {
	case command != proxied:
	case family == tcp4:
		size = 4
	case family == tcp6:
		size = 16
	}
	if size == 0 || len(addresses) < 2*size+4 {
		return ""
	}
	addr, _ := netip.AddrFromSlice(addresses[:size])
	port := binary.BigEndian.Uint16(addresses[2*size:])
	return netip.AddrPortFrom(addr.Unmap(), port).String()
}

func readSocks4(asked, answered []byte) (preface, step) {
	if len(asked) < 9 {
		return preface{}, moreNeeded
	}
	if asked[1] != 1 { // CONNECT
		return preface{}, noPreface
	}
	user := bytes.IndexByte(asked[8:], 0)
	if user < 0 {
		return preface{}, moreNeeded
	}
	size := 8 + user + 1
	if asked[4] == 0 && asked[5] == 0 && asked[6] == 0 && asked[7] != 0 { // 4A: a name follows
		name := bytes.IndexByte(asked[size:], 0)
		if name < 0 {
			return preface{}, moreNeeded
		}
		size += name + 1
	}
	if len(answered) < 8 {
		return preface{}, moreNeeded
	}
	if answered[0] != 0 || answered[1] != 90 {
		return preface{}, noPreface
	}
	return preface{name: "socks", size: [2]int{size, 8}}, whole
}

// readSocks5 reads method selection, an optional user name and password
// (RFC 1929), and the request with its reply.
func readSocks5(asked, answered []byte) (preface, step) {
	if len(asked) < 2 || len(asked) < 2+int(asked[1]) || len(answered) < 2 {
		return preface{}, moreNeeded
	}
	out, in := 2+int(asked[1]), 2
	if answered[0] != 5 {
		return preface{}, noPreface
	}
	if answered[1] == 2 {
		if len(asked) < out+2 || len(asked) < out+3+int(asked[out+1]) {
			return preface{}, moreNeeded
		}
		out += 2 + int(asked[out+1])
		out += 1 + int(asked[out])
		in += 2
	}
	request, ok := socks5Size(asked, out)
	reply, ok2 := socks5Size(answered, in)
	if !ok || !ok2 {
		return preface{}, moreNeeded
	}
	if asked[out+1] != 1 || answered[in+1] != 0 { // CONNECT, succeeded
		return preface{}, noPreface
	}
	return preface{name: "socks", size: [2]int{out + request, in + reply}}, whole
}

// socks5Size returns the size of the request or reply at b[from:].
func socks5Size(b []byte, from int) (int, bool) {
	if len(b) < from+5 {
		return 0, false
	}
	size := 0
	switch b[from+3] {
	case 1:
		size = 4 + 4 + 2
	case 3:
		size = 4 + 1 + int(b[from+4]) + 2
	case 4:
		size = 4 + 16 + 2
	}
	return size, size > 0 && len(b) >= from+size
}
