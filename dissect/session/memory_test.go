package session_test

import (
	"runtime"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// maxSession is how many bytes a session in the middle of its dialogue may
// cost, its Facts included, beside its Dialogue, which has a pool.
const maxSession = 1536

// TestMemory: many sessions stay open behind their capability lists.
func TestMemory(t *testing.T) {
	for _, tt := range []struct {
		name     string
		port     uint16
		greeting string
		command  string
		list     string
	}{
		{"smtp", 25, "220 mx.example ESMTP\r\n", "EHLO pc.example\r\n", "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"},
		{"imap", 143, "* OK ready\r\n", "a CAPABILITY\r\n", "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN AUTH=LOGIN\r\na OK\r\n"},
		{"pop3", 110, "+OK ready\r\n", "CAPA\r\n", "+OK\r\nSTLS\r\nSASL PLAIN LOGIN\r\n.\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const n = 10_000
			type pair struct {
				s *session.Session
				f *dissect.Facts
			}
			pool := new(session.Pool)
			open := make([]pair, n)
			var events []dissect.Event
			before := heap()
			for i := range open {
				p := pair{session.New(pool, [2]uint16{40000, tt.port}, false), &dissect.Facts{}}
				for _, turn := range []struct {
					dir  uint8
					text string
				}{{1, tt.greeting}, {0, tt.command}, {1, tt.list}} {
					events = p.s.Feed(events[:0], turn.dir, []byte(turn.text))
					for j := range events {
						p.f.Add(&events[j])
					}
				}
				open[i] = p
			}
			for i := range open {
				open[i].s.Dialogue().Leave()
				open[i].s.ForgetDialogue()
			}
			each := (heap() - before) / n
			t.Logf("%d bytes a session", each)
			if each > maxSession {
				t.Errorf("%d bytes a session, want at most %d", each, maxSession)
			}
			if f := open[n-1].f; !f.Offer.Complete || len(f.Offer.Mechanisms) != 2 || f.STARTTLS.Offered != dissect.Yes {
				t.Errorf("got %+v", f.Offer)
			}
			runtime.KeepAlive(open)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
