package smtp

import (
	"bytes"
	"net/url"

	"github.com/mailtap/mailtap/dissect"
)

// burlCommand reads BURL (RFC 4468, section 3): content that the server fetches
// itself, so that it does not cross here.
func (s *Session) burlCommand(l textLine, rest []byte) {
	address, end := cutWord(rest)
	end, more := cutWord(end)
	last := bytes.EqualFold(end, []byte("LAST"))
	if len(address) == 0 || len(more) > 0 || len(end) > 0 && !last {
		s.malformed(textLine{nil, l.span})
		s.ask(question{verb: other})
		return
	}
	mail := s.transaction(l)
	mail.torn = true
	s.ask(question{verb: burl, mail: mail, final: last})
	s.urlAuth(l, len(l.text)-len(rest), address)
	if s.open != nil {
		s.open.lose()
	}
	if !last {
		return
	}
	s.mail = nil
	if s.open != nil {
		s.finish(0)
	}
}

// urlAuth tells a URL that authorizes whoever has it (RFC 4467, section 3):
// ";URLAUTH=access:mechanism:token". It begins at an offset of the line.
func (s *Session) urlAuth(l textLine, offset int, address []byte) {
	const keyword = ";URLAUTH="
	i := 0
	for !bytes.EqualFold(address[i:min(len(address), i+len(keyword))], []byte(keyword)) {
		if i++; i > len(address) {
			return
		}
	}
	value := address[i+len(keyword):]
	access, rest, _ := bytes.Cut(value, []byte(":"))
	_, token, found := bytes.Cut(rest, []byte(":"))
	if !found || len(token) == 0 {
		return // it authorizes nobody yet
	}
	end := offset + len(address)
	s.emit(dissect.Event{
		Kind: dissect.URLAuth, Side: dissect.Client, Start: l.start, End: l.end, Line: l.text,
		Hide: dissect.Span{From: end - len(token), To: end}, Text: accessUser(access),
	})
}

// accessUser returns the user in "submit+user" and "user+user" (RFC 4467,
// section 3), else the access itself: "anonymous", "authuser".
func accessUser(access []byte) []byte {
	_, user, found := bytes.Cut(access, []byte("+"))
	if !found {
		return access
	}
	if name, err := url.PathUnescape(string(user)); err == nil {
		return []byte(name)
	}
	return user
}
