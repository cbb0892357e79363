package tls_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// A client's alert about a server that has closed without a word is told apart
// from one that ended the handshake.
func TestClosedFirst(t *testing.T) {
	const client, server = dissect.Client, dissect.Server
	agreed := serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}
	fatal := func(description byte) []byte { return plain(21, []byte{2, description}) }
	tests := []struct {
		name   string
		before []turn
		closed []dissect.Side
		then   []turn
		want   string
		side   dissect.Side
		closes bool // the server, without a word
	}{
		{"by the server", nil, []dissect.Side{server}, []turn{{client, fatal(10)}}, "unexpected_message", client, true},
		{"by the server behind its hello", []turn{{server, agreed.record()}}, []dissect.Side{server}, []turn{{client, fatal(50)}}, "decode_error", client, true},
		{"by nobody", nil, nil, []turn{{client, fatal(10)}}, "unexpected_message", client, false},
		{"by the server behind its alert", []turn{{server, fatal(40)}}, []dissect.Side{server}, []turn{{client, fatal(10)}}, "handshake_failure", server, false},
		{"by the server behind an encrypted alert", []turn{{server, agreed.record()}, {server, plain(23, make([]byte, 1200))}, {server, plain(23, make([]byte, 19))}},
			[]dissect.Side{server}, []turn{{client, fatal(10)}}, "encrypted alert", server, false},
		{"by the client, which reads on", nil, []dissect.Side{client}, []turn{{server, fatal(40)}}, "handshake_failure", server, false},
		{"by the server, and the client's is a warning", nil, []dissect.Side{server}, []turn{{client, plain(21, []byte{1, 0})}}, "", client, false},
	}
	for _, tt := range tests {
		s := tls.New([2]uint64{})
		events := s.Feed(nil, client, browser().record())
		for _, turn := range tt.before {
			events = s.Feed(events, turn.side, turn.data)
		}
		for _, side := range tt.closed {
			s.Closed(side)
		}
		for _, turn := range tt.then {
			events = s.Feed(events, turn.side, turn.data)
		}
		if facts := events[0].TLS; facts.Alert != tt.want || facts.AlertSide != tt.side || facts.Forsaken != tt.closes {
			t.Errorf("%s: alert %q of the %s (forsaken %t), want %q of the %s (%t)", tt.name,
				facts.Alert, facts.AlertSide, facts.Forsaken, tt.want, tt.side, tt.closes)
		}
	}
}
