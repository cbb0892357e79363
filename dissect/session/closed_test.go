package session_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect"
)

// What a client says behind a server that has closed without a word is about
// that.
func TestClosed(t *testing.T) {
	const alert = `\x15\x03\x03\x00\x02\x02\x0a`
	tests := []struct {
		name          string
		port          uint16
		before, after string
		closed        uint8
		want          string
		forsaken      bool
		transport     dissect.Transport
	}{
		{"on a TLS port", 993, "0- " + hello, "0- " + alert, 1, "unexpected_message", true, dissect.TLS},
		{"on a port that begins in clear", 143, "0- " + hello, "0- " + alert, 1, "unexpected_message", true, dissect.TLS},
		{"behind STARTTLS", 143, "1: * OK IMAP4rev1\n0: a STARTTLS\n1: a OK\n0- " + hello, "0- " + alert, 1, "unexpected_message", true, dissect.STARTTLS},
		{"by the client", 993, "0- " + hello, "1- " + alert, 0, "unexpected_message", false, dissect.TLS},
		{"behind text", 143, "1: * OK IMAP4rev1\n0: a NOOP", "1: a OK", 0, "", false, dissect.Plain},
	}
	for _, tt := range tests {
		r := newRun(t, [2]uint16{40000, tt.port}, false).play(tt.before)
		for range 2 {
			r.take(r.s.Closed(nil, tt.closed))
		}
		r.play(tt.after + "\nend")
		got, forsaken := "", false
		if r.facts.TLS != nil {
			got, forsaken = r.facts.TLS.Alert, r.facts.TLS.Forsaken
		}
		if got != tt.want || forsaken != tt.forsaken || r.facts.Transport != tt.transport {
			t.Errorf("%s: alert %q (forsaken %t), %s, want %q, %s", tt.name, got, forsaken, r.facts.Transport, tt.want, tt.transport)
		}
	}
}
