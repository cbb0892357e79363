package smtp

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/mailtap/mailtap/dissect"
)

// originCommand reads Postfix's XCLIENT and XFORWARD, with which a proxy names
// the client that it speaks for. It counts once the server accepts it. LOGIN
// names who has logged in at the proxy; that is no attempt here.
func (s *Session) originCommand(v verb, l textLine, rest []byte) {
	q := question{verb: v, path: origin(rest)}
	if q.path != "" {
		q.about = &textLine{quote(l.text), l.span}
	}
	s.ask(q)
}

// originAnswered takes the reply. That to XCLIENT greets the client anew.
func (s *Session) originAnswered(q question, code int, words, text []byte) {
	if code == serviceReady {
		s.emitReply(dissect.Event{Kind: dissect.Greeting, Line: text, Text: words})
	}
	if q.about != nil && code < refusal && s.sure(q) {
		s.emitLine(dissect.RealClient, *q.about, []byte(q.path))
	}
}

// origin returns "address:port" of attributes such as "ADDR=192.0.2.7
// PORT=51812", the address alone where no port is named, and "" without either.
func origin(attributes []byte) string {
	var addr netip.Addr
	port := ""
	for len(attributes) > 0 {
		var word []byte
		word, attributes = cutWord(attributes)
		name, value, _ := bytes.Cut(word, []byte("="))
		switch {
		case bytes.EqualFold(name, []byte("ADDR")):
			addr = originAddr(string(value))
		case bytes.EqualFold(name, []byte("PORT")):
			if _, err := strconv.ParseUint(string(value), 10, 16); err == nil {
				port = string(value)
			}
		}
	}
	switch {
	case !addr.IsValid():
		return ""
	case port == "":
		return addr.String()
	case addr.Is6():
		return "[" + addr.String() + "]:" + port
	}
	return addr.String() + ":" + port
}

// originAddr reads an address, which has a prefix if it is one of IPv6. It is
// not valid for [UNAVAILABLE] and whatever else is none.
func originAddr(value string) netip.Addr {
	const prefix = "IPV6:"
	if len(value) > len(prefix) && bytes.EqualFold([]byte(value[:len(prefix)]), []byte(prefix)) {
		value = value[len(prefix):]
	}
	addr, err := netip.ParseAddr(value)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}
	}
	return addr.Unmap()
}
