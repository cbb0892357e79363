package session_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// unaskedTLS is TLS of a server before any word of the client.
const unaskedTLS = `client tls-begin 0-0 "after text" ""`

// FuzzSession: whatever two sides say, in any pieces and with bytes lost, no
// panic, events stay within what was said, and nothing is held back at the
// end. Without loss the same is found in bytes that come one by one, but where
// the session was joined late: there the pieces tell where lines may begin.
func FuzzSession(f *testing.F) {
	seeds := []struct{ client, server string }{
		{"EHLO pc\r\nSTARTTLS\r\n\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", "220 mx ESMTP\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n\x16\x03\x03\x00\x05\x02\x00\x00\x01\x03"},
		{"EHLO pc\r\nAUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\nDATA\r\nx\r\n.\r\n", "220 mx\r\n250 AUTH LOGIN\r\n334 \r\n334 \r\n235 ok\r\n354 go\r\n250 ok\r\n"},
		{"a LOGIN {3}\r\njoe {6+}\r\nsecret\r\nb STARTTLS\r\nc NOOP\r\n", "* OK ready\r\n+ go\r\na OK in\r\nb OK go\r\nc OK\r\n"},
		{"CAPA\r\nSTLS\r\nUSER joe\r\nPASS x\r\n", "+OK\r\n+OK\r\nSTLS\r\n.\r\n+OK\r\n+OK\r\n+OK\r\n"},
		{"AUTHENTICATE \"PLAIN\"\r\n{3+}\r\nabc\r\nSTARTTLS\r\n", "\"IMPLEMENTATION\" \"x\"\r\nOK\r\nNO\r\nOK\r\n"},
		{"\x05\x01\x00\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x19HELO pc\r\n", "\x05\x00\x05\x00\x00\x01\x0a\x00\x00\x01\x00\x19220 mx ESMTP\r\n"},
	}
	ports := [...]uint16{25, 143, 110, 4190, 993, 24, 12345}
	for i, s := range seeds {
		f.Add([]byte(s.client), []byte(s.server), []byte{0x81, 0x05, 0x83, 0x0a, 0xa0}, uint8(i))
		f.Add([]byte(s.client), []byte(s.server), []byte{0xbf, 0x10, 0xc4, 0x40, 0xbf, 0x09}, uint8(i+8))
	}
	f.Fuzz(func(t *testing.T, client, server, plan []byte, setting uint8) {
		pair, late := [2]uint16{40000, ports[setting%8%uint8(len(ports))]}, setting&8 != 0
		whole := newRun(t, pair, late)
		lossless := perform(whole, [2][]byte{client, server}, plan)
		single := newRun(t, pair, late)
		single.cut = 1
		perform(single, [2][]byte{client, server}, plan)
		if !lossless || late || whole.what() != single.what() {
			return
		}
		if slices.Contains(whole.kinds(dissect.TLSBegin), unaskedTLS) {
			return // which shows only where a packet begins with a record
		}
		if diff := cmp.Diff(whole.logins(), single.logins()); diff != "" {
			t.Errorf("byte by byte (-whole +cut):\n%s", diff)
		}
	})
}

// perform feeds both sides as plan says: the highest bit of its bytes is the
// direction, the next says whether bytes are lost, the rest is how many bytes;
// and what is left at the end. It tells whether nothing was lost.
func perform(r *run, says [2][]byte, plan []byte) (lossless bool) {
	lossless = true
	for _, p := range plan {
		dir := p >> 7
		n := min(int(p&0x3f), len(says[dir]))
		if p&0x40 != 0 {
			lossless = false
			r.lose(dir, n+1)
		} else {
			r.feed(dir, says[dir][:n])
		}
		says[dir] = says[dir][n:]
	}
	r.feed(1, says[1])
	r.feed(0, says[0])
	r.end()
	return lossless
}
