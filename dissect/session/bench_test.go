package session_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// BenchmarkLogin: a log-in as short as can be, folded into Facts.
func BenchmarkLogin(b *testing.B) {
	type turn struct {
		dir  uint8
		text []byte
	}
	for _, bb := range []struct {
		name string
		port uint16
		text []string // the server's first
	}{
		{"smtp", 587, []string{
			"220 mx.example ESMTP\r\n", "EHLO pc.example\r\n", "250-mx.example\r\n250 AUTH PLAIN LOGIN\r\n",
			"AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n", "235 ok\r\n", "QUIT\r\n", "221 bye\r\n"}},
		{"imap", 143, []string{"* OK ready\r\n", "a LOGIN joe secret\r\n", "a OK in\r\n", "b LOGOUT\r\n", "* BYE\r\nb OK\r\n"}},
		{"pop3", 110, []string{"+OK ready\r\n", "USER joe\r\n", "+OK\r\n", "PASS secret\r\n", "+OK\r\n", "QUIT\r\n", "+OK\r\n"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var turns []turn
			size := 0
			for i, text := range bb.text {
				turns = append(turns, turn{uint8(1 - i%2), []byte(text)})
				size += len(text)
			}
			pool := new(session.Pool)
			var events []dissect.Event
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				s, f := session.New(pool, [2]uint16{40000, bb.port}, false), new(dissect.Facts)
				for _, t := range turns {
					events = s.Feed(events[:0], t.dir, t.text)
					for i := range events {
						f.Add(&events[i])
					}
				}
				for _, e := range s.End(events[:0]) {
					f.Add(&e)
				}
				s.Dialogue().Leave()
				s.Dialogue().Recycle()
				if f.Finish(); len(f.Auth) != 1 || f.Auth[0].Outcome != dissect.Accepted {
					b.Fatal("no log-in")
				}
			}
		})
	}
}

// BenchmarkBody: a long message of a client.
func BenchmarkBody(b *testing.B) {
	r := newRun(b, [2]uint16{40000, 25}, false).play("1: 220 mx\n0: EHLO pc\n1: 250 mx\n0: DATA\n1: 354 go\n0: Subject: x\n0: ")
	body := []byte("a line of mail of a length that is common, about seventy bytes, and no more\r\n")
	for len(body) < 1400 {
		body = append(body, body...)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		events = r.s.Feed(events[:0], 0, body)
	}
}
