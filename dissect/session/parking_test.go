package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect/session"
)

// logins gives the attempts of a session, without their lines.
func (r *run) logins() []string {
	got := []string{}
	for _, a := range r.facts.Auth {
		got = append(got, fmt.Sprintf("%s %s %s %s", a.Mechanism, a.Account, a.Secret.Reveal(), a.Outcome))
	}
	return got
}

// What the client says ahead of an answer is read once the answer has come.
func TestParked(t *testing.T) {
	tests := []struct {
		name  string
		port  uint16
		late  bool
		text  string
		want  []string // log-ins
		mails int
	}{
		{"pipelined AUTH", 25, false, `
			1: 220 mx
			0: EHLO pc
			1: 250 AUTH LOGIN
			0- AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\nMAIL FROM:<a@b>\r\n
			1- 334 VXNlcjo=\r\n334 UGFzcw==\r\n235 ok\r\n250 ok\r\n`, []string{"LOGIN joe secret accepted"}, 0},
		{"content before 354", 25, false, `
			1: 220 mx
			0- EHLO pc\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\nAUTH PLAIN AGV2ZQBkZWNveQ==\r\n.\r\nQUIT\r\n
			1- 250 mx\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n221 bye\r\n`, []string{}, 1},
		{"content before a refusal is commands", 25, false, `
			1: 220 mx
			0- EHLO pc\r\nDATA\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\n
			1- 250 mx\r\n503 no\r\n235 ok\r\n`, []string{"PLAIN joe secret accepted"}, 0},
		{"literal before the go-ahead", 143, false, `
			1: * OK ready
			0- a LOGIN {3}\r\njoe {6}\r\nsecret\r\n
			1- + go\r\n+ go\r\na OK in\r\n`, []string{"LOGIN-CMD joe secret accepted"}, 0},
		{"client only, behind all", 25, false, `
			0- EHLO pc\r\nAUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n`, []string{"LOGIN joe secret unknown"}, 0},
		{"the server's answer lost", 25, false, `
			1: 220 mx
			0: EHLO pc
			1: 250 AUTH LOGIN
			0- AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n
			1! 28
			1: 235 ok`, []string{"LOGIN joe secret accepted"}, 0},
		{"the client's bytes lost behind parked ones", 25, false, `
			1: 220 mx
			0: EHLO pc
			1: 250 AUTH LOGIN
			0- AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n
			0! 100
			1- 334 VXNlcjo=\r\n334 UGFzcw==\r\n235 ok\r\n`, []string{"LOGIN joe secret accepted"}, 0},
		{"more behind a line that needs a proof", 143, true, `
			0: a7 LOGIN eve decoy
			0: and the text goes on
			1: a7 OK APPEND completed`, []string{}, 0},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 2, 3, 5, 11} {
			t.Run(fmt.Sprintf("%s, cut %d", tt.name, cut), func(t *testing.T) {
				r := newRun(t, [2]uint16{40000, tt.port}, tt.late)
				r.cut = cut
				r.play(tt.text + "\nend")
				if diff := cmp.Diff(tt.want, r.logins()); diff != "" {
					t.Errorf("(-want +got):\n%s\n%s", diff, strings.Join(r.events, "\n"))
				}
				if len(r.facts.Messages) != tt.mails {
					t.Errorf("%d messages, want %d", len(r.facts.Messages), tt.mails)
				}
			})
		}
	}
}

// Lost before anything was said: the rest is joined late.
func TestGapWhileIdentifying(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"the greeting", "1! 20\n0: EHLO pc\n1: 250 mx", "smtp 1"},
		{"a part of the greeting", "1- 220 m\n1! 20\n0: EHLO pc\n1: 250 mx", "smtp 1"},
		{"the client's first line", "1: 220 mx\n0! 9\n1: 250 mx", "smtp 1"},
		{"behind bytes of something else", "0- \\x00\\x01\n1! 20\n0: EHLO pc", "none"},
		{"everything", "1! 20\n0! 10", "smtp 1"},
	}
	for _, tt := range tests {
		if got := newRun(t, [2]uint16{40000, 25}, false).play(tt.text + "\nend").what(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A client that is never answered is not waited for beyond MaxParked.
func TestMaxParked(t *testing.T) {
	r := newRun(t, [2]uint16{40000, 25}, false).play(`
		1: 220 mx
		0: EHLO pc
		1: 250 mx
		0: DATA`)
	line := []byte(strings.Repeat("x", 998) + "\r\n")
	for range 2 * session.MaxParked / len(line) {
		r.feed(0, line)
		if n := r.pool.Used(); n > session.MaxParked+len(line) {
			t.Fatalf("%d bytes are parked", n)
		}
	}
	r.end()
}

// What a server says behind its answer to STARTTLS is bounded, too.
func TestMaxHeld(t *testing.T) {
	r := newRun(t, [2]uint16{40000, 25}, false).play(begun + "0: STARTTLS\n1: 220 go")
	line := []byte("250 " + strings.Repeat("x", 994) + "\r\n")
	for range 2 * session.MaxParked / len(line) {
		r.feed(1, line)
		if n := r.pool.Used(); n > session.MaxParked+len(line) {
			t.Fatalf("%d bytes are held", n)
		}
	}
	r.end()
}

// Sessions that share a pool hold no more than MaxPool, and give all back.
func TestMaxPool(t *testing.T) {
	pool := new(session.Pool)
	var all []*session.Session
	body := []byte(strings.Repeat("x", session.MaxParked/2))
	for range 2 * session.MaxPool / len(body) {
		s := session.New(pool, [2]uint16{40000, 25}, false)
		s.Feed(nil, 1, []byte("220 mx\r\n"))
		s.Feed(nil, 0, []byte("DATA\r\n"))
		s.Feed(nil, 0, body)
		all = append(all, s)
		if pool.Used() > session.MaxPool {
			t.Fatalf("%d bytes are held back", pool.Used())
		}
	}
	if pool.Used() < session.MaxPool/2 {
		t.Errorf("only %d bytes were held back", pool.Used())
	}
	undecided := session.New(pool, [2]uint16{40000, 25}, false)
	undecided.Feed(nil, 0, body[:session.MaxHead/2])
	for _, s := range append(all, undecided) {
		s.End(nil)
	}
	if pool.Used() != 0 {
		t.Errorf("%d bytes are held back behind the end", pool.Used())
	}
}
