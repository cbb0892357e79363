package pop3_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/pop3"
)

// replay plays a short text: "C: " and "S: " with a line, "S! 24" for 24 lost
// bytes. It gives what became of log-ins and of STARTTLS.
func replay(t *testing.T, text string) []string {
	t.Helper()
	s, f := pop3.New([2]uint64{}, false), dissect.Facts{Protocol: dissect.POP3}
	for step := range strings.Lines(text) {
		step = strings.TrimSpace(step)
		if step == "" {
			continue
		}
		side := dissect.Client
		if step[0] == 'S' {
			side = dissect.Server
		}
		var events []dissect.Event
		var n uint64
		if step[1] == '!' {
			if _, err := fmt.Sscan(step[2:], &n); err != nil {
				t.Fatal(err)
			}
			events = s.Gap(nil, side, n)
		} else {
			events, _ = s.Feed(nil, side, []byte(strings.TrimPrefix(step[2:], " ")+"\r\n"))
		}
		for i := range events {
			f.Add(&events[i])
		}
	}
	events := s.End(nil)
	for i := range events {
		f.Add(&events[i])
	}
	var got []string
	if f.STARTTLS.Offered != dissect.Unknown {
		got = append(got, fmt.Sprintf("starttls offered %v", f.STARTTLS.Offered == dissect.Yes))
	}
	if f.STARTTLS.Accepted != dissect.Unknown {
		got = append(got, fmt.Sprintf("starttls accepted %v", f.STARTTLS.Accepted == dissect.Yes))
	}
	for _, a := range f.Auth {
		got = append(got, fmt.Sprintf("%s %q %q %s", a.Mechanism, a.Account, a.Secret.Reveal(), a.Outcome))
	}
	return got
}

// What was lost must not turn into something else.
func TestGaps(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"a reply lost, the client waits for each", `
			S: +OK ready
			C: USER ann
			S! 5
			C: PASS secret
			S: -ERR no
			C: USER joe
			S: +OK
			C: PASS hunter22
			S: +OK
		`, []string{`USER "ann" "secret" rejected`, `USER "joe" "hunter22" accepted`}},
		{"a reply lost, the client was seen to send ahead", `
			S: +OK ready
			C: USER ann
			C: PASS secret
			S: +OK
			S: -ERR no
			C: USER bob
			C: PASS other
			S! 5
			C: USER joe
			C: PASS hunter22
			S: -ERR no
			S: +OK
			S: +OK
		`, []string{`USER "ann" "secret" rejected`, `USER "bob" "other" unknown`, `USER "joe" "hunter22" unknown`}},
		{"a command lost, the client was seen to send ahead", `
			S: +OK ready
			C: NOOP
			C: NOOP
			S: +OK
			S: +OK
			C! 12
			C: USER joe
			S: -ERR no
			C: PASS hunter22
			S: +OK
			S: -ERR no
		`, []string{`USER "joe" "hunter22" unknown`}},
		{"replies lost of several commands", `
			S: +OK ready
			C: USER ann
			S! 40
			C: PASS secret
			C: USER joe
			C: PASS hunter22
			S: +OK
			C: STAT
			S: +OK 0 0
			C: APOP bob 0123
			S: -ERR no
		`, []string{`USER "ann" "secret" unknown`, `USER "joe" "hunter22" unknown`, `APOP "bob" "0123" rejected`}},
		{"behind a gap a reply to something else than STLS", `
			S: +OK ready
			C! 6
			C: STLS
			S: +OK
			C: USER joe
			S: +OK
			C: PASS hunter22
			S: -ERR no
		`, []string{`USER "joe" "hunter22" rejected`}},
		{"behind a gap the reply to STLS", `
			S: +OK ready
			C! 6
			C: STLS
			S: +OK Begin TLS negotiation
		`, []string{"starttls accepted true"}},
		{"a list behind a log-in whose answer is lost", `
			S: +OK ready
			C: APOP joe 0123
			S! 12
			C: CAPA
			S: +OK
			S: TOP
			S: .
			C: STAT
			S: +OK 0 0
		`, []string{`APOP "joe" "0123" unknown`}},
		{"a list behind a log-in whose answer is lost, and another log-in", `
			S: +OK ready
			C: APOP joe 0123
			S! 12
			C: CAPA
			S: +OK
			S: TOP
			S: .
			C: USER joe
			S: +OK
		`, []string{"starttls offered false", `APOP "joe" "0123" unknown`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, replay(t, tt.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A dot that may have begun the end mark of a message is none of its bytes.
func TestSizeBeforeTheMark(t *testing.T) {
	for text, want := range map[string]uint64{"hello\r\n.": 7, "hello\r\n.\r": 7, "hello\r\n": 7, "hello.": 6, "hello\r\n..": 9} {
		for _, lost := range []bool{false, true} {
			s := pop3.New([2]uint64{}, false)
			s.Feed(nil, dissect.Server, []byte("+OK ready\r\n"))
			s.Feed(nil, dissect.Client, []byte("RETR 1\r\n"))
			events, _ := s.Feed(nil, dissect.Server, []byte("+OK\r\n"+text))
			if lost {
				events = s.Gap(events, dissect.Server, 2)
				events, _ = s.Feed(events, dissect.Client, []byte("QUIT\r\n"))
				events, _ = s.Feed(events, dissect.Server, []byte("+OK bye\r\n"))
			}
			got := uint64(0)
			for _, e := range s.End(events) {
				if e.Kind == dissect.MessageEnd {
					got = e.Message.Size
				}
			}
			if got != want {
				t.Errorf("%q, the rest lost: %v: %d bytes, want %d", text, lost, got, want)
			}
		}
	}
}
