package session

import "bytes"

// likeness says whether bytes begin TLS.
type likeness uint8

const (
	noTLS    likeness = iota
	maybeTLS          // there are too few to tell
	sureTLS
)

// likeTLS tells whether b begins with a TLS record (RFC 8446, section 5.1) or
// with an SSLv2 hello (RFC 5246, appendix E.2).
func likeTLS(b []byte) likeness {
	const header = 5
	for i := range b[:min(len(b), header)] {
		if !fitsTLS(b, i) {
			return noTLS
		}
	}
	if len(b) < header {
		return maybeTLS
	}
	return sureTLS
}

func fitsTLS(b []byte, i int) bool {
	c := b[i]
	if b[0]&0x80 != 0 {
		switch i {
		case 2:
			return c == 1
		case 3:
			return c == 3 || c == 0
		case 4:
			return b[3] == 3 || c == 2
		}
		return true
	}
	switch i {
	case 0:
		return 20 <= c && c <= 24
	case 1:
		return c == 3
	case 2:
		return c <= 4
	}
	return true
}

// tls3Record tells a record of TLS or SSL 3.0.
func tls3Record(b []byte) bool { return len(b) > 0 && b[0] < 0x80 && tlsRecord(b) }

func tlsRecord(b []byte) bool { return likeTLS(b) == sureTLS }

// complaint tells an alert in clear (RFC 8446, section 6), or as much of it as has
// come. Alone it does not show that there is TLS: a server that waits for a hello
// answers text with it.
func complaint(b []byte) bool {
	const header = "\x15\x03\x00\x00\x02" // the third byte is the version
	for i, c := range b[:min(len(b), len(header))] {
		if c != header[i] && (i != 2 || c > 4) {
			return false
		}
	}
	return len(b) > 0
}

// complaintSize is that of an alert's record.
const complaintSize = len("\x15\x03\x03\x00\x02\x01\x00")

// lineOfTLS returns where the first line of b stands that is a record of TLS.
func lineOfTLS(b []byte) int {
	at := 0
	for at < len(b) && !tls3Record(b[at:]) {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return len(b)
		}
		at += n + 1
	}
	return at
}
