package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// list is the capability list in the reply that is being read (RFC 5321,
// section 4.1.1.1): its first line names the host, each other a capability.
type list struct {
	state listState
	whole bool // nothing of it was lost
}

type listState uint8

const (
	noList    listState = iota
	maybeList           // the command was not seen: the second line tells
	inList
)

// listLine takes a line of a reply as a line of the list, if it is one.
func (s *Session) listLine(code int, first, last bool, words, text []byte) {
	if s.reply.lines > MaxReplyLines {
		s.list.whole = false
		return
	}
	if first {
		s.beginList(code, last, words, text)
	} else {
		s.nextInList(words, text)
	}
	if last && s.list.state == inList && s.list.whole {
		s.emitReply(dissect.Event{Kind: dissect.ListEnd, Line: text})
	}
}

func (s *Session) beginList(code int, last bool, words, text []byte) {
	s.list = list{whole: !s.reply.torn && !s.entered}
	if code != completed {
		return
	}
	i := s.match(code)
	switch {
	case i >= 0 && s.pending[i].verb != ehlo && s.pending[i].verb != lhlo:
		return
	case i >= 0 && (!s.missed || s.pending[i].alone && !last):
		s.openList(text) // where bytes were lost, a single 250 may answer something else
	case !last:
		s.list.state = maybeList
	}
	if s.reply.torn && (mechanisms(words) != nil || bytes.EqualFold(words, []byte("STARTTLS"))) {
		s.openList(text)
		s.capability(words, text)
	}
}

func (s *Session) openList(text []byte) {
	if s.list.state != inList {
		s.list.state = inList
		s.emitReply(dissect.Event{Kind: dissect.ListBegin, Line: text})
	}
}

func (s *Session) nextInList(words, text []byte) {
	if s.list.state == maybeList {
		s.list.state = noList
		if isKeyword(words) {
			s.openList(text)
		}
	}
	if s.list.state == inList {
		s.capability(words, text)
	}
}

func (s *Session) capability(words, text []byte) {
	s.emitReply(dissect.Event{Kind: dissect.Capability, Line: text, Text: words})
	for rest := mechanisms(words); len(rest) > 0; {
		var name []byte
		name, rest = cutWord(rest)
		if len(name) > 0 {
			s.emitReply(dissect.Event{Kind: dissect.Mechanism, Line: text, Text: name})
		}
	}
}

// mechanisms returns the names behind "AUTH ", and behind "AUTH=" as servers
// write it for old clients; Exchange has X-EXPS for its own. nil is none.
func mechanisms(words []byte) []byte {
	for _, keyword := range []string{"AUTH", "X-EXPS"} {
		n := len(keyword)
		if len(words) > n && bytes.EqualFold(words[:n], []byte(keyword)) && bytes.IndexByte([]byte(" \t="), words[n]) >= 0 {
			return words[n+1:]
		}
	}
	return nil
}

// isKeyword tells whether a line can be a capability: its first word in upper
// case, as all servers write them. Exim's replies to BDAT end with "OK id=", and
// those to EXPN name addresses.
func isKeyword(words []byte) bool {
	word, _ := cutWord(words)
	if string(word) == "OK" || bytes.IndexByte(words, '<') >= 0 {
		return false
	}
	word, _, _ = bytes.Cut(word, []byte("="))
	for _, c := range word {
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return len(word) > 1 && 'A' <= word[0] && word[0] <= 'Z' || isEightBit(word)
}

func isEightBit(word []byte) bool { return string(word) == "8BITMIME" }
