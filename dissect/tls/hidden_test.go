package tls_test

import (
	"slices"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// An encrypted alert tells by its size that a side broke the handshake off.
func TestEncryptedAlert(t *testing.T) {
	const client, server = dissect.Client, dissect.Server
	offer, agreed := browser(), serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}
	begin := func(c clientHello, s serverHello) []turn {
		return []turn{{client, c.record()}, {server, slices.Concat(s.record(), plain(23, make([]byte, 1200)))}}
	}
	early, short := browser(), agreed
	early.extensions = append(slices.Clone(early.extensions), extension{42, nil})
	short.suite = 0x1305
	alert := plain(23, make([]byte, 2+1+16))
	finished := plain(23, make([]byte, 53))
	tests := []struct {
		name  string
		turns []turn
		want  string
		side  dissect.Side
	}{
		{"of the client", append(begin(offer, agreed), turn{client, alert}), "encrypted alert", client},
		{"of the server", append(begin(offer, agreed), turn{server, alert}), "encrypted alert", server},
		{"of Java", append(begin(offer, agreed), turn{client, plain(23, make([]byte, 35))}), "encrypted alert", client},
		{"as long as Java's, of the server", append(begin(offer, agreed), turn{server, plain(23, make([]byte, 35))}), "", client},
		{"readable behind it", append(begin(offer, agreed), turn{client, alert}, turn{server, plain(21, []byte{2, 80})}), "internal_error", server},
		{"before the ServerHello", []turn{{client, slices.Concat(offer.record(), alert)}, {server, agreed.record()}}, "", client},
		{"of another size", append(begin(offer, agreed), turn{client, plain(23, make([]byte, 18))}), "", client},
		{"a suite with short tags", append(begin(offer, short), turn{client, alert}), "", client},
		{"perhaps 0-RTT data", append(begin(early, agreed), turn{client, alert}), "", client},
		{"followed by Finished", append(begin(offer, agreed), turn{client, slices.Concat(alert, finished)}), "", client},
		{"behind Finished", append(begin(offer, agreed), turn{client, slices.Concat(finished, alert)}, turn{server, alert}), "", client},
		{"one side missing", append(begin(offer, agreed)[1:], turn{server, alert}), "", client},
	}
	for _, tt := range tests {
		facts, _ := play(tt.turns, 0)
		if facts.Alert != tt.want || facts.AlertSide != tt.side {
			t.Errorf("%s: alert %q of the %s, want %q of the %s", tt.name, facts.Alert, facts.AlertSide, tt.want, tt.side)
		}
		sameForAnyCut(t, tt.turns)
	}
}

// Behind a gap Finished may be what was lost.
func TestEncryptedAlertBehindGap(t *testing.T) {
	for _, side := range []dissect.Side{dissect.Client, dissect.Server} {
		s := tls.New([2]uint64{})
		s.Feed(nil, dissect.Client, browser().record())
		events := s.Feed(nil, dissect.Server, serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}.record())
		s.Gap(nil, side, 500)
		s.Feed(nil, side, plain(23, make([]byte, 19)))
		if alert := events[0].TLS.Alert; alert != "" {
			t.Errorf("%s: alert %q", side, alert)
		}
	}
}

// A client whose hello was lost may break off with an alert as long as Java's,
// which establishes nothing.
func TestEncryptedAlertWithoutHello(t *testing.T) {
	tests := []struct {
		name string
		size int
		want bool
	}{
		{"as long as Java's alert", 35, false},
		{"Finished", 53, true},
	}
	for _, tt := range tests {
		s := tls.New([2]uint64{})
		s.Gap(nil, dissect.Client, 441)
		events := s.Feed(nil, dissect.Server, slices.Concat(
			serverHello{0x0303, 0x1301, []extension{{43, []byte{3, 4}}}}.record(), plain(23, make([]byte, 1200))))
		s.Feed(nil, dissect.Client, plain(23, make([]byte, tt.size)))
		if got := events[len(events)-1].TLS.Established; got != tt.want {
			t.Errorf("%s: established %v", tt.name, got)
		}
	}
}
