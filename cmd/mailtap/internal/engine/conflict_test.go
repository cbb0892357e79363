package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/dissect"
)

// TestConflicts: what each conversation has of bytes that came twice and
// differ.
func TestConflicts(t *testing.T) {
	const (
		greeting = "S: 220 mx.example ESMTP\n"
		list     = greeting + "C: EHLO pc.example\nS: 250-mx.example\n"
		message  = list + "S: 250 SIZE\nC: MAIL FROM:<a@x.example>\nS: 250 ok\nC: RCPT TO:<b@y.example>\nS: 250 ok\nC: DATA\nS: 354 go\nC: Subject: x\nC: \n"
	)
	tests := []struct {
		name string
		talk func(w *wire)
		want []string
	}{
		{"a capability", func(w *wire) {
			w.talk(list + "S: 250-STARTTLS\n")
			w.again(dissect.Server, "250-XXXXXXXX\r\n")
			w.talk("S: 250 SIZE\n")
		}, []string{`server 42-50 spoken, "250-STARTTLS" of 7, "250-XXXXXXXX" of 8`}},
		{"the same conflict again and again", func(w *wire) {
			w.talk(list + "S: 250-STARTTLS\n")
			for range 5 {
				w.again(dissect.Server, "250-XXXXXXXX\r\n")
			}
		}, []string{`server 42-50 spoken, "250-STARTTLS" of 7, "250-XXXXXXXX" of 8`}},
		{"an equal retransmission", func(w *wire) {
			w.talk(list + "S: 250-STARTTLS\n")
			w.again(dissect.Server, "250-mx.example\r\n250-STARTTLS\r\n")
			w.talk("S: 250 SIZE\n")
		}, nil},
		{"a wrong checksum", func(w *wire) {
			w.talk(list + "S: 250-STARTTLS\n")
			w.broken = true
			w.again(dissect.Server, "250-XXXXXXXX\r\n")
		}, nil},
		{"the first version had a wrong checksum", func(w *wire) {
			w.talk(list)
			w.broken = true
			w.talk("S: 250-STARTTLR\n")
			w.broken = false
			w.again(dissect.Server, "250-STARTTLS\r\n")
		}, nil},
		{"cut by the capture", func(w *wire) {
			w.talk(list + "S: 250-STARTTLS\n")
			w.cut = 3
			w.again(dissect.Server, "250-XXXXXXXX\r\n")
		}, nil},
		{"a keep-alive", func(w *wire) {
			w.talk(list)
			w.packet(dissect.Server, decode.ACK, w.said[1]-1, "\x00")
			w.talk("S: 250 SIZE\n")
		}, nil},
		{"partly new", func(w *wire) {
			w.talk(list + "S: 250-STARTTLS\n")
			w.said[1] += len("250 SIZE\r\n")
			w.again(dissect.Server, "250-STARTTLX\r\n250 SIZE\r\n")
		}, []string{`server 49-50 spoken, "250-STARTTLS" of 7, "250-STARTTLX" of 8`}},
		{"a line that is not whole yet", func(w *wire) {
			w.talk(list)
			w.say(dissect.Server, "250-START")
			w.again(dissect.Server, "250-XXXXX")
			w.say(dissect.Server, "TLS\r\n250 SIZE\r\n")
		}, []string{`server 42-47 spoken, "250-STARTTLS" of 7, "250-XXXXXTLS" of 8`}},
		{"before it is known to be mail", func(w *wire) {
			w.say(dissect.Server, "220 mx.exa")
			w.again(dissect.Server, "220 mx.EXA")
			w.say(dissect.Server, "mple ESMTP\r\n")
			w.talk("C: EHLO pc.example\nS: 250 ok\n")
		}, []string{`server 7-10 spoken, "220 mx.example ESMTP" of 4, "220 mx.EXAmple ESMTP" of 5`}},
		{"among what waits", func(w *wire) {
			w.talk(greeting)
			w.said[0] += len("EHLO ")
			w.say(dissect.Client, "pc.example\r\n")
			w.again(dissect.Client, "pc.EXAMPLE\r\n")
			w.packet(dissect.Client, decode.ACK, 0, "EHLO ")
			w.talk("S: 250 ok\n")
		}, []string{`client 8-15 spoken, "EHLO pc.example" of 5, "EHLO pc.EXAMPLE" of 6`}},
		{"among what waits before the first byte", func(w *wire) {
			w.said[1] += len("220 ")
			w.say(dissect.Server, "mx.example ESMTP\r\n")
			w.again(dissect.Server, "mx.EXAMPLE ESMTP\r\n")
			w.packet(dissect.Server, decode.ACK, 0, "220 ")
			w.talk("C: EHLO pc.example\nS: 250 ok\n")
		}, []string{`server 7-14 spoken, "220 mx.example ESMTP" of 4, "220 mx.EXAMPLE ESMTP" of 5`}},
		{"a message", func(w *wire) {
			w.talk(message + "C: pay 100 to account 1\n")
			w.again(dissect.Client, "pay 100 to account 2\r\n")
			w.talk("C: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n")
		}, nil},
		{"a message, among what waits", func(w *wire) {
			w.talk(message)
			w.said[0] += 2
			w.say(dissect.Client, "y 100 to account 1\r\n")
			w.again(dissect.Client, "y 100 to account 2\r\n")
			w.packet(dissect.Client, decode.ACK, w.said[0]-22, "pa")
			w.talk("C: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n")
		}, []string{`client 104-105, "" of 16, "" of 17`}},
		{"a message, among what waits, whose first version had a wrong checksum", func(w *wire) {
			w.talk(message)
			w.said[0] += 2
			w.broken = true
			w.say(dissect.Client, "y 100 to account 1\r\n")
			w.broken = false
			w.again(dissect.Client, "y 100 to account 2\r\n")
			w.packet(dissect.Client, decode.ACK, w.said[0]-22, "pa")
			w.talk("C: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n")
		}, nil},
		{"a command took the place of another", func(w *wire) {
			w.talk(list + "S: 250 STARTTLS\nC: STARTTLS\n")
			w.again(dissect.Client, "XXXXXXXX\r\n")
			w.talk("S: 500 what\n")
		}, []string{`client 17-25 spoken, "STARTTLS" of 8, "XXXXXXXX" of 9`}},
		{"a secret took the place of another", func(w *wire) {
			w.talk(list + "S: 250 AUTH PLAIN\nC: AUTH PLAIN AGpvZQBwYXNzMQ==\n")
			w.again(dissect.Client, "AUTH PLAIN AGpvZQBwYXNzMg==\r\n")
			w.talk("S: 235 ok\n")
		}, []string{`client 41-42 spoken, "AUTH PLAIN ..." of 8, "AUTH PLAIN ..." of 9`}},
		{"a secret took the place of something else", func(w *wire) {
			w.talk(list + "S: 250 AUTH PLAIN\nC: XXXX XXXXX XXXXXXXXXXXXXXXX\n")
			w.again(dissect.Client, "AUTH PLAIN AGpvZQBwYXNzMg==\r\n")
			w.talk("S: 500 what\n")
		}, []string{`client 17-44 spoken, "XXXX XXXXX ..." of 8, "..." of 9`}},
		{"the answer to STARTTLS, late", func(w *wire) {
			w.talk(list + "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n")
			w.say(dissect.Client, "\x16\x03\x01\x00\x05hello")
			w.packet(dissect.Server, decode.ACK, w.said[1]-8, "454 no\r\n")
		}, []string{`server 52-57 spoken, "220 go" of 9, "454 no" of 11`}},
		{"behind STARTTLS", func(w *wire) {
			w.talk(list + "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n")
			w.say(dissect.Client, "\x16\x03\x01\x00\x05hello")
			w.again(dissect.Client, "\x16\x03\x01\x00\x05HELLO")
			w.said[0] += 3
			w.say(dissect.Client, "cipher")
			w.again(dissect.Client, "CIPHER")
			w.packet(dissect.Client, decode.ACK, w.said[0]-9, "abc")
		}, nil},
		{"on the other side of a device", func(w *wire) {
			w.vlan = 10
			w.talk(list)
			w.vlan = 20
			w.packet(dissect.Server, decode.ACK, 0, "220 mx.example ESMTP\r\n")
			w.vlan = 10
			w.talk("S: 250-STARTTLS\n")
			w.vlan = 20
			w.again(dissect.Server, "250-XXXXXXXX\r\n")
		}, []string{`server 42-50 spoken, "250-STARTTLS" of 8, "250-XXXXXXXX" of 9`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(25)
			w.open()
			tt.talk(w)
			w.engine.Flush()
			if len(w.all) != 1 {
				t.Fatalf("%d sessions", len(w.all))
			}
			f := w.all[0]
			if diff := cmp.Diff(tt.want, overlaps(f)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if flagged := f.Flags&dissect.Conflict != 0; flagged != (tt.want != nil) {
				t.Errorf("flags %v", f.Flags.Names())
			}
			if n := w.engine.Doubted(); n != 0 {
				t.Errorf("%d bytes of doubts are left", n)
			}
		})
	}
}

func overlaps(f *dissect.Facts) (lines []string) {
	if f.Signs == nil {
		return nil
	}
	for _, o := range f.Signs.Overlaps {
		spoken := ""
		if o.Spoken {
			spoken = " spoken"
		}
		text := func(q dissect.Quote) string { return strings.TrimPrefix(q.String(), o.Side.String()+": ") }
		lines = append(lines, fmt.Sprintf("%v %d-%d%s, %q of %d, %q of %d",
			o.Side, o.Start, o.End, spoken, text(o.First), o.First.Stamp.Packet, text(o.Again), o.Again.Stamp.Packet))
	}
	return lines
}

// TestDoubtBounds: what comes again for lines that never end is kept within
// bounds, and counted; what is no mail leaves nothing.
func TestDoubtBounds(t *testing.T) {
	w := newWire(25)
	w.open()
	w.talk("S: 220 mx.example ESMTP\n")
	w.say(dissect.Client, strings.Repeat("x", 1400))
	for range 100 {
		w.again(dissect.Client, strings.Repeat("y", 1400))
	}
	if n := w.engine.Doubted(); n > 8*(2048+128) || n == 0 {
		t.Errorf("%d bytes of doubts", n)
	}
	if n := w.engine.Stats().Unsettled; n != 92 {
		t.Errorf("%d were unsettled", n)
	}
	w.engine.Flush()
	if n := w.engine.Doubted(); n != 0 {
		t.Errorf("%d bytes of doubts are left of a session", n)
	}

	w = newWire(8080)
	w.open()
	w.said[0] += 4
	w.say(dissect.Client, "/ HTTP/1.1\r\n")
	w.again(dissect.Client, "/ http/1.1\r\n")
	if n := w.engine.Doubted(); n == 0 {
		t.Error("nothing is kept of a conflict before the first byte")
	}
	w.packet(dissect.Client, decode.ACK, 0, "GET ")
	w.talk("S: HTTP/1.1 200 OK\nS: \n")
	if n := w.engine.Doubted(); n != 0 {
		t.Errorf("%d bytes of doubts are left of what is no mail", n)
	}
}
