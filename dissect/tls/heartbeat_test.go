package tls_test

import (
	cryptotls "crypto/tls"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// beat makes a heartbeat record in clear, that names a payload of so many bytes
// and holds size bytes behind its header.
func beat(kind byte, payload, size int) []byte {
	return plain(24, append([]byte{kind, byte(payload >> 8), byte(payload)}, make([]byte, size)...))
}

func TestHeartbeatInClear(t *testing.T) {
	var (
		client  = browser().record()
		server  = serverHello{0x0302, 0x0005, nil}.record()
		ciphers = plain(20, []byte{1})
		request = beat(1, 0x4000, 0)
	)
	tests := []struct {
		name  string
		turns []turn
		want  bool
	}{
		{"attack", []turn{{dissect.Client, client}, {dissect.Server, server}, {dissect.Client, request}}, true},
		{"attack-before-the-answer", []turn{{dissect.Client, slices.Concat(client, request)}}, true},
		{"attack-on-the-client", []turn{{dissect.Client, client}, {dissect.Server, slices.Concat(server, request)}}, true},
		{"one-byte-more", []turn{{dissect.Client, slices.Concat(client, beat(1, 21, 20))}}, true},
		{"as-long-as-it-says", []turn{{dissect.Client, slices.Concat(client, beat(1, 20, 20))}}, false},
		{"with-padding", []turn{{dissect.Client, slices.Concat(client, beat(1, 20, 36))}}, false},
		{"an-answer-may-say-anything", []turn{{dissect.Client, slices.Concat(client, beat(2, 1000, 20))}}, false},
		{"no-header", []turn{{dissect.Client, slices.Concat(client, plain(24, []byte{1, 0xff}))}}, false},
		{"encrypted", []turn{{dissect.Client, slices.Concat(client, ciphers, request)}}, false},
		{"without-a-hello", []turn{{dissect.Client, request}}, false},
		{
			"honest-request-and-answer",
			[]turn{{dissect.Client, slices.Concat(client, beat(1, 2000, 2016))}, {dissect.Server, slices.Concat(server, beat(2, 2000, 2100))}}, false,
		},
		{
			"answer-with-memory",
			[]turn{{dissect.Client, slices.Concat(client, beat(1, 20, 36))}, {dissect.Server, slices.Concat(server, beat(2, 5000, 5016))}}, true,
		},
		{
			"both-ask",
			[]turn{{dissect.Client, slices.Concat(client, beat(1, 20, 36))}, {dissect.Server, slices.Concat(server, beat(1, 5000, 5016))}}, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			turns := append(tt.turns, turn{dissect.Server, plain(21, []byte{2, 10})})
			got, _ := play(turns, 0)
			if got.Heartbleed != tt.want {
				t.Errorf("heartbleed: %v", got.Heartbleed)
			}
			said := words(turns)
			told := slices.Contains(said, "client heartbeat") || slices.Contains(said, "server heartbeat")
			if told != tt.want || told && !slices.Contains(said, got.HeartbeatSide.String()+" heartbeat") {
				t.Errorf("side: %v, events: %q", got.HeartbeatSide, said)
			}
			sameForAnyCut(t, turns)
		})
	}
}

// Behind a gap it may be encrypted, and then it names any length.
func TestClearHeartbeatBehindGap(t *testing.T) {
	s := tls.New([2]uint64{})
	s.Feed(nil, dissect.Client, browser().record())
	s.Gap(nil, dissect.Client, 6)
	if got := s.Feed(nil, dissect.Client, beat(1, 0x4000, 0)); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestHeartbleedIsToldOnce(t *testing.T) {
	got := words([]turn{{dissect.Client, slices.Concat(browser().record(), beat(1, 0x4000, 0), beat(1, 0x4000, 0))}})
	if diff := cmp.Diff([]string{"client client hello", "client heartbeat"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is encrypted tells by sizes alone.
func TestEncryptedHeartbeat(t *testing.T) {
	sized := func(side dissect.Side, n int) turn { return turn{side, plain(24, make([]byte, n))} }
	const client, server = dissect.Client, dissect.Server
	tests := []struct {
		name    string
		version uint16
		beats   []turn
		want    bool
	}{
		{"answer-with-memory", cryptotls.VersionTLS12, []turn{sized(client, 40), sized(server, 16000)}, true},
		{"of-the-client", cryptotls.VersionTLS12, []turn{sized(server, 40), sized(client, 16000)}, true},
		{"after-honest-ones", cryptotls.VersionTLS12, []turn{sized(client, 90), sized(server, 90), sized(client, 40), sized(server, 16000)}, true},
		{"same-size", cryptotls.VersionTLS12, []turn{sized(client, 16000), sized(server, 16000)}, false},
		{"other-padding", cryptotls.VersionTLS12, []turn{sized(client, 40), sized(server, 40+1024)}, false},
		{"more-than-padding", cryptotls.VersionTLS12, []turn{sized(client, 40), sized(server, 40+1025)}, true},
		{"long-request", cryptotls.VersionTLS12, []turn{sized(client, 16000), sized(server, 40)}, false},
		{"two-requests", cryptotls.VersionTLS12, []turn{sized(client, 5000), sized(client, 40), sized(server, 5000)}, false},
		{"a-request-of-the-other-side", cryptotls.VersionTLS12, []turn{sized(client, 40), sized(server, 40), sized(server, 9000), sized(client, 9000)}, false},
		{"no-heartbeat-in-tls-1.3", cryptotls.VersionTLS13, []turn{sized(client, 40), sized(server, 16000)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, s := configs(t, tt.version, sign(t, template(), rsaKey()))
			turns := append(record(t, c, s), tt.beats...)
			events := words(turns)
			if told := slices.Contains(events[len(events)-1:], tt.beats[len(tt.beats)-1].side.String()+" heartbeat"); told != tt.want {
				t.Errorf("events: %q", events)
			}
			sameForAnyCut(t, turns)
		})
	}
}

// What was lost may have been the request that an answer belongs to.
func TestHeartbeatBehindGap(t *testing.T) {
	c, s := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
	for _, lost := range []dissect.Side{dissect.Client, dissect.Server} {
		session := tls.New([2]uint64{})
		for _, turn := range record(t, c, s) {
			session.Feed(nil, turn.side, turn.data)
		}
		session.Feed(nil, dissect.Client, plain(24, make([]byte, 40)))
		session.Gap(nil, lost, 5000)
		if got := session.Feed(nil, dissect.Server, plain(24, make([]byte, 5000))); len(got) != 0 {
			t.Errorf("bytes of the %s lost: %v", lost, got)
		}
	}
}
