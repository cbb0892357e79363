package smtp_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/smtp"
)

// A doubtful end of content that was lost is forgotten with it: the reply within
// the next content does not settle it.
func TestStaleDoubt(t *testing.T) {
	const client, server = dissect.Client, dissect.Server
	s := smtp.New([2]uint64{}, false)
	say := func(side dissect.Side, text string) { s.Feed(nil, side, []byte(text)) }
	say(server, "220 x ESMTP\r\n")
	say(client, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
	say(server, "250 ok\r\n250 ok\r\n")
	s.Gap(nil, server, 5)
	say(client, "Subject: x\r\n\r\nhello\r\n")
	s.Gap(nil, client, 10)
	say(client, "more text\r\nmore\r\n.\nabc\r\n")
	say(server, "550 no\r\n")
	say(client, "MAIL FROM:<e@f>\r\nRCPT TO:<g@h>\r\nDATA\r\n")
	say(server, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n")
	say(server, "250 huh\r\n")
	say(server, "250 huh\r\n")
}

// While TLS is to begin, a session says so, though it is in doubt about the end of
// a content: it takes nothing of the server before.
func TestTLSWhileInDoubt(t *testing.T) {
	s := smtp.New([2]uint64{}, false)
	client := func(text string) { s.Feed(nil, dissect.Client, []byte(text)) }
	s.Feed(nil, dissect.Server, []byte("220 x ESMTP\r\n"))
	client("STARTTLS\r\n")
	s.Proceed()
	client("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
	s.Proceed()
	client("Subject: x\r\n\r\nhello\n.\nMAIL FROM:<x@y>\r\nmore\r\n.\r\n")
	for _, text := range []string{"220 2.0.0 TLS\r\n", "250 ok\r\n"} {
		if _, n := s.Feed(nil, dissect.Server, []byte(text)); n == 0 && s.Need() != dissect.NeedTLS {
			t.Errorf("%q: nothing is taken, and nothing is needed", text)
		}
	}
}
