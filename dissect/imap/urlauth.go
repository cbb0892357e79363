package imap

import (
	"bytes"
	"net/url"

	"github.com/mailtap/mailtap/dissect"
)

// urlAuthMark begins what authorizes in a URL (RFC 4467, section 3):
// ";URLAUTH=access:mechanism:token".
const urlAuthMark = ";URLAUTH="

// urlsAuth tells the URLs in a line of side that authorize whoever has them.
func (s *Session) urlsAuth(dst []dissect.Event, side dissect.Side, line []byte) []dissect.Event {
	for i := nextURL(line, 0); i >= 0; i = nextURL(line, i) {
		u, ok := readURL(line, i)
		if !ok {
			continue
		}
		// A line with many URLs is cut, or it would show the tokens of those
		// that Facts do not keep.
		e := s.event(side, dissect.URLAuth, line[:u.token.To])
		e.Hide, e.Text = u.token, u.user
		dst = append(dst, e)
	}
	return dst
}

// nextURL returns the place behind the next mark from i on, or -1.
func nextURL(line []byte, i int) int {
	for {
		n := bytes.IndexByte(line[i:], ';')
		if n < 0 {
			return -1
		}
		i += n
		if hasPrefixFold(line[i:], urlAuthMark) {
			return i + len(urlAuthMark)
		}
		i++
	}
}

// beforeToken cuts a line at the first token in it. Facts keep few tokens, and
// mask those alone.
func beforeToken(line []byte) []byte {
	for i := nextURL(line, 0); i >= 0; i = nextURL(line, i) {
		if u, ok := readURL(line, i); ok {
			return line[:u.token.From]
		}
	}
	return line
}

func countURLs(line []byte) (n int) {
	for i := nextURL(line, 0); i >= 0; i = nextURL(line, i) {
		n++
	}
	return n
}

type authURL struct {
	user  []byte
	token dissect.Span
}

// readURL reads what stands behind a mark. A URL without a token authorizes
// nobody yet: GENURLAUTH asks for one.
func readURL(line []byte, i int) (u authURL, ok bool) {
	end := len(line)
	if n := bytes.IndexAny(line[i:], " \t\"(){}"); n >= 0 {
		end = i + n
	}
	access, rest, _ := bytes.Cut(line[i:end], []byte{':'})
	_, token, found := bytes.Cut(rest, []byte{':'})
	u = authURL{accessUser(access), dissect.Span{From: end - len(token), To: end}}
	return u, found && len(token) > 0
}

// accessUser returns the user in "submit+user" and "user+user" (RFC 4467,
// section 3), else the access itself: "anonymous", "authuser".
func accessUser(access []byte) []byte {
	_, user, found := bytes.Cut(access, []byte{'+'})
	if !found {
		return access
	}
	if name, err := url.PathUnescape(string(user)); err == nil {
		return []byte(name)
	}
	return user
}
