package imap_test

import (
	"compress/flate"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
)

// A log-in that is found where the text of a mail may cross is taken for one when
// the server answers it. What it consists of, and what comes then, stands where it
// crossed, in frames, too.
func TestPlacesOfADoubtfulLogIn(t *testing.T) {
	h := newHostile("* OK ready\r\n", "a AUTHENTICATE DIGEST-MD5\r\n", "+ bm9uY2U9IngiLHFvcD0iYXV0aC1pbnQi\r\n",
		"dXNlcm5hbWU9ImpvZSIscW9wPWF1dGgtaW50LHJlc3BvbnNlPWFiYw==\r\n", "a OK in\r\n")
	sent := "a AUTHENTICATE DIGEST-MD5\r\ndXNlcm5hbWU9ImpvZSIscW9wPWF1dGgtaW50LHJlc3BvbnNlPWFiYw==\r\n"
	lost := digestFrame(0, "0123456789c LOGIN {3+}\r\n")
	const head, gap = 4, 10
	h.say(dissect.Client, lost[:head])
	h.s.Gap(nil, dissect.Client, gap)
	said := lost[head+gap:] + digestFrame(1, "jo") + digestFrame(2, "e se") + digestFrame(3, "cret\r\n")
	_, n := h.s.Feed(nil, dissect.Client, []byte(said))
	events := h.say(dissect.Server, digestFrame(0, "c OK in\r\n"))
	last := digestFrame(4, "d SELECT x\r\n")
	events = append(events, h.say(dissect.Client, said[n:]+last)...)
	sent += lost[:head+gap] + said + last

	var account, secret string
	for _, e := range events {
		if e.Kind == dissect.AuthEnd {
			account, secret = e.Attempt.Account, e.Attempt.Secret.Reveal()
		}
		want := map[string]string{"auth-begin": "c LOGIN", "auth-step": "jo\x00", "mail-command": "d SELECT"}[e.Kind.String()]
		if string(e.Line) == " secret" {
			want = " se"
		}
		if want != "" && !strings.Contains(sent[e.Start:e.End], want) {
			t.Errorf("%s %q stands at %d, which is %q", e.Kind, e.Line, e.Start, sent[e.Start:e.End])
		}
	}
	if got := kinds(events); got != "auth-begin auth-step auth-step auth-end mail-command" || account != "joe" || secret != "secret" {
		t.Errorf("%s: account %q, secret %q", got, account, secret)
	}
}

// A literal that may be a log-in's ends within what is inflated at once.
func TestDoubtfulLiteralInflated(t *testing.T) {
	const said = "b APPEND x {3+}\r\nabcQQQQ\r\nc LOGIN {3+}\r\njoe {6+}\r\nsecret\r\n"
	for _, cut := range []int{1, 3, len(said)} {
		h, f := compressed(flate.NoCompression), dissect.Facts{}
		h.streams[dissect.Client].Write([]byte(said))
		h.streams[dissect.Client].Flush()
		for b := h.packed[dissect.Client].Bytes(); len(b) > 0; b = b[min(cut, len(b)):] {
			h.s.Feed(nil, dissect.Client, b[:min(cut, len(b))])
		}
		events := h.say(dissect.Server, "c OK in\r\n")
		for i := range events {
			f.Add(&events[i])
		}
		if len(f.Auth) != 1 || f.Auth[0].Account != "joe" || f.Auth[0].Secret.Reveal() != "secret" {
			t.Errorf("cut every %d bytes: %s, log-ins %+v", cut, kinds(events), f.Auth)
		}
	}
}

// Where the server is not seen, the next byte of the client is what takes a
// doubtful command for one: it may be the first of its literal.
func TestDoubtfulLiteralAccepted(t *testing.T) {
	const said = "b APPEND x {3+}\r\nabcQQQQ\r\nc APPEND y {12+}\r\nSubject: one\r\nd SELECT z\r\n"
	for _, cut := range []int{1, 7, len(said)} {
		h := newHostile("", "a COMPRESS DEFLATE\r\n")
		h.s.Proceed()
		stream, _ := flate.NewWriter(&h.packed[dissect.Client], flate.NoCompression)
		stream.Write([]byte(said))
		stream.Flush()
		var events []dissect.Event
		for b := h.packed[dissect.Client].Bytes(); len(b) > 0; b = b[min(cut, len(b)):] {
			more, _ := h.s.Feed(nil, dissect.Client, b[:min(cut, len(b))])
			events = append(events, more...)
		}
		events = h.s.End(events)
		const want = "mail-command message-begin malformed mail-command message-begin mail-command message-end message-end"
		if got := kinds(events); got != want {
			t.Errorf("cut every %d bytes: %s", cut, got)
		}
	}
}
