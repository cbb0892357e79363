package session_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect/session"
)

// Whatever a machine is in doubt about, what is fed is over in the end.
func TestFeedEnds(t *testing.T) {
	var pool session.Pool
	s := session.New(&pool, [2]uint16{40000, 25}, false)
	s.Feed(nil, 1, []byte("220 x ESMTP\r\n"))
	s.Feed(nil, 0, []byte("STARTTLS\r\n"))
	s.Feed(nil, 0, []byte("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\nhello\n.\nMAIL FROM:<x@y>\r\nmore\r\n.\r\n"))
	s.Gap(nil, 1, 1)
	s.Feed(nil, 1, []byte("220 2.0.0 TLS\r\n250 ok\r\n"))
	s.End(nil)
	if pool.Used() != 0 {
		t.Errorf("%d bytes are still held", pool.Used())
	}
}

// A side that says more behind TURN before it is answered has not given up its
// turn: what both say then is not read, the one's words for the other's least of all.
func TestTurnWithoutWaiting(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"behind TURN", `
			1: 220 mx ESMTP
			0: TURN
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			1: 250 ok
			1: 235 ok
			end`},
		{"answered ahead", `
			1: 220 mx ESMTP
			0: joe
			0: AUTH MECHANISM
			1: 250 AUTH PLAIN LOGIN
			0: TURN
			0: AUTH PLAIN AGpvZQBzZWNyZXQ=
			1: 250 ok
			end`},
	} {
		r := newRun(t, [2]uint16{40000, 25}, false).play(tt.text)
		for _, a := range r.facts.Auth {
			if a.HasAccount {
				t.Errorf("%s: %q logs in", tt.name, a.Account)
			}
		}
	}
}
