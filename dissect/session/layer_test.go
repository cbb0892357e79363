package session_test

import (
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// signer makes frames of DIGEST-MD5 with integrity (RFC 2831, section 2.3).
type signer struct{ number uint32 }

func (s *signer) frame(text string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(text)+16))
	b = append(append(b, text...), "0123456789\x00\x01"...)
	s.number++
	return string(binary.BigEndian.AppendUint32(b, s.number-1))
}

// Content that comes in a frame before the server has asked for it waits for the
// answer, which is in a frame, too.
func TestSignedWaits(t *testing.T) {
	var client, server signer
	response := base64.StdEncoding.EncodeToString([]byte(`username="joe",qop=auth-int,response=1`))
	turns := []struct {
		dir  uint8
		text string
	}{
		{1, "220 mx ESMTP\r\n"},
		{0, "EHLO pc\r\n"},
		{1, "250 AUTH DIGEST-MD5\r\n"},
		{0, "AUTH DIGEST-MD5\r\n"},
		{1, "334 bm9uY2U9MQ==\r\n"},
		{0, response + "\r\n"},
		{1, "235 ok\r\n"},
		{0, client.frame("MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\nSubject: early\r\n") + client.frame("\r\ntext\r\n.\r\nQUIT\r\n")},
		{1, server.frame("250 ok\r\n250 ok\r\n") + server.frame("354 go\r\n250 taken\r\n221 bye\r\n")},
	}
	play := func(cut int) *run {
		r := newRun(t, [2]uint16{40000, 587}, false)
		r.cut = cut
		for _, turn := range turns {
			r.feed(turn.dir, []byte(turn.text))
		}
		r.end()
		return r
	}
	whole := play(0)
	if diff := cmp.Diff(whole.events, play(1).events); diff != "" {
		t.Errorf("byte by byte (-whole +cut):\n%s", diff)
	}
	f := whole.facts
	if len(f.Messages) != 1 || f.Messages[0].Subject != "early" || f.Signs == nil || f.Signs.Layer != "DIGEST-MD5 integrity" {
		t.Errorf("%d messages, signs %+v", len(f.Messages), f.Signs)
	}
	if whole.s.Protocol() != dissect.SMTP {
		t.Errorf("is %v", whole.s.Protocol())
	}
}
