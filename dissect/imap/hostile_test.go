package imap_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
)

// hostile is a session that is fed what nobody sends by mistake.
type hostile struct {
	s       *imap.Session
	streams [2]*flate.Writer // once compressed
	packed  [2]bytes.Buffer
}

func (h *hostile) say(side dissect.Side, text string) (events []dissect.Event) {
	b := []byte(text)
	if h.streams[side] != nil {
		h.streams[side].Write(b)
		h.streams[side].Flush()
		b = bytes.Clone(h.packed[side].Bytes())
		h.packed[side].Reset()
	}
	events, _ = h.s.Feed(nil, side, b)
	return events
}

func newHostile(log ...string) *hostile {
	h := &hostile{s: imap.New([2]uint64{}, false)}
	side := dissect.Server
	for _, line := range log {
		h.say(side, line)
		side = side.Other()
	}
	return h
}

func compressed(level int) *hostile {
	h := newHostile("* OK ready\r\n", "a COMPRESS DEFLATE\r\n", "a OK go\r\n")
	for side := range h.streams {
		h.streams[side], _ = flate.NewWriter(&h.packed[side], level)
	}
	return h
}

// digestFrame is one of DIGEST-MD5's layer with integrity (RFC 2831, section 2.3).
func digestFrame(number uint32, text string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(text)+16))
	b = append(append(b, text...), make([]byte, 10)...)
	return string(binary.BigEndian.AppendUint32(append(b, 0, 1), number))
}

// A line that may be content takes more bytes of the stream than its own where it
// lies across frames, or across what was compressed at once.
func TestDoubtBehindALiteral(t *testing.T) {
	h := newHostile("* OK ready\r\n", "a AUTHENTICATE DIGEST-MD5\r\n", "+ bm9uY2U9IngiLHFvcD0iYXV0aC1pbnQi\r\n",
		"dXNlcm5hbWU9ImpvZSIscW9wPWF1dGgtaW50LHJlc3BvbnNlPWFiYw==\r\n", "a OK in\r\n")
	first := digestFrame(0, "b NOOP\r\n0123456789c LOGIN {3+}\r\njoe se")
	lost := 4 + len("b NOOP\r\n")
	h.say(dissect.Client, first[:lost])
	h.s.Gap(nil, dissect.Client, 10)
	h.say(dissect.Client, first[lost+10:])
	h.say(dissect.Client, digestFrame(1, "cret\r\nd NOOP\r\n"))

	h = compressed(flate.NoCompression)
	h.say(dissect.Client, "b APPEND x {3+}\r\nabcQQQQ\r\nc LOGIN {3+}\r\njoe")
	h.say(dissect.Client, " sec")
	h.say(dissect.Client, "ret\r\nd NOOP\r\n")
}

// A held answer may end the compression within which the next line is read.
func TestCompressedTwice(t *testing.T) {
	h := compressed(flate.BestCompression)
	h.say(dissect.Client, "f FETCH 1 ENVELOPE\r\n")
	h.say(dissect.Client, "c COMPRESS DEFLATE\r\n")
	for range 20 { // more than may wait for the answer
		h.streams[dissect.Client], _ = flate.NewWriter(&h.packed[dissect.Client], flate.NoCompression)
		h.say(dissect.Client, strings.Repeat("x", 1000)+"\r\n")
	}
	h.say(dissect.Server, "* FOO "+strings.Repeat("y", 70_000)+"\r\n")
	h.say(dissect.Server, "c OK again\r\n")
	h.say(dissect.Client, "g NOOP\r\n")
}

// Few bytes may stand for a flood of lines, and a line for thousands of events:
// neither takes memory without a bound.
func TestCompressedFlood(t *testing.T) {
	h := compressed(flate.BestCompression)
	if n := len(h.say(dissect.Server, strings.Repeat("x\n", 1<<20))); n > 1<<16 {
		t.Errorf("%d events of one feed", n)
	}
	h = compressed(flate.BestCompression)
	line := "* GENURLAUTH " + strings.Repeat(";URLAUTH=::x ", 4000) + "\r\n"
	starts := map[*byte]bool{}
	for _, e := range h.say(dissect.Server, line) {
		if len(e.Line) > 0 {
			starts[&e.Line[0]] = true
		}
	}
	if len(starts) != 1 {
		t.Errorf("%d copies of one line", len(starts))
	}
}
