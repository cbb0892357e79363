package tls_test

import (
	"bytes"
	"crypto/elliptic"
	cryptotls "crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// cuts are the piece sizes that every recording is played with.
var cuts = []int{1, 2, 3, 5, 7}

// sameForAnyCut plays turns in pieces and holds them against the whole.
func sameForAnyCut(t *testing.T, turns []turn) {
	t.Helper()
	facts, events := play(turns, 0)
	for _, cut := range cuts {
		f, e := play(turns, cut)
		if diff := cmp.Diff(facts, f); diff != "" {
			t.Errorf("facts, cut every %d bytes (-whole +cut):\n%s", cut, diff)
		}
		if diff := cmp.Diff(events, e); diff != "" {
			t.Errorf("events, cut every %d bytes (-whole +cut):\n%s", cut, diff)
		}
	}
}

func TestHandshake(t *testing.T) {
	rsaCert := sign(t, template(), rsaKey())
	tests := []struct {
		name        string
		version     uint16
		suite       uint16
		certificate cryptotls.Certificate
		want        dissect.TLSFacts
		key         string
	}{
		{
			"tls-1.0", cryptotls.VersionTLS10, cryptotls.TLS_RSA_WITH_RC4_128_SHA, rsaCert,
			dissect.TLSFacts{Version: "TLS 1.0", Cipher: "TLS_RSA_WITH_RC4_128_SHA", ALPN: "imap"}, "RSA 2048",
		},
		{
			"tls-1.1", cryptotls.VersionTLS11, cryptotls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, rsaCert,
			dissect.TLSFacts{Version: "TLS 1.1", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ALPN: "imap", Group: "x25519"}, "RSA 2048",
		},
		{
			"tls-1.2", cryptotls.VersionTLS12, cryptotls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, sign(t, template(), ecKey(t, elliptic.P256())),
			dissect.TLSFacts{Version: "TLS 1.2", Cipher: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", ALPN: "imap", Group: "x25519"}, "ECDSA P-256",
		},
		{
			"tls-1.2-ed25519", cryptotls.VersionTLS12, cryptotls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, sign(t, template(), edKey(t)),
			dissect.TLSFacts{Version: "TLS 1.2", Cipher: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", ALPN: "imap", Group: "x25519"}, "Ed25519",
		},
		{
			"tls-1.3", cryptotls.VersionTLS13, 0, rsaCert,
			dissect.TLSFacts{Version: "TLS 1.3", Group: "x25519"}, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, server := configs(t, tt.version, tt.certificate)
			client.CipherSuites = []uint16{tt.suite}
			server.CipherSuites = client.CipherSuites
			turns := record(t, client, server)
			got, _ := play(turns, 0)
			if len(got.JA3) != 32 || len(got.JA3S) != 32 || len(got.JA4) != 36 {
				t.Errorf("JA3 %q, JA3S %q, JA4 %q", got.JA3, got.JA3S, got.JA4)
			}
			key := ""
			if got.Certificate != nil {
				key = got.Certificate.Key
			}
			if key != tt.key {
				t.Errorf("key %q, want %q", key, tt.key)
			}
			want := tt.want
			want.SNI, want.Established = "imap.example.net", true
			want.Offered, want.Resumed, want.Renegotiation = want.Version, dissect.No, dissect.Yes
			if want.Version == "TLS 1.3" {
				want.Renegotiation = dissect.Unknown
				if !strings.HasPrefix(got.Cipher, "TLS_AES_") && !strings.HasPrefix(got.Cipher, "TLS_CHACHA20_") {
					t.Errorf("cipher %q", got.Cipher)
				}
				want.Cipher = got.Cipher
			}
			want.JA3, want.JA3S, want.JA4, want.Certificate = got.JA3, got.JA3S, got.JA4, got.Certificate
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			sameForAnyCut(t, turns)
			for _, size := range []int{1, 3, 50} {
				if diff := cmp.Diff(words(turns), words(resplit(turns, size))); diff != "" {
					t.Errorf("records of %d bytes (-as recorded +split):\n%s", size, diff)
				}
			}
		})
	}
}

// resplit writes the handshake records in clear anew, size bytes each.
func resplit(turns []turn, size int) []turn {
	var out []turn
	encrypted := [2]bool{}
	for _, next := range turns {
		var data []byte
		for b := next.data; len(b) > 0; {
			n := 5 + int(b[3])<<8 + int(b[4])
			head, content := b[:5], b[5:n]
			b = b[n:]
			if head[0] == 20 {
				encrypted[next.side] = true
			}
			if head[0] != 22 || encrypted[next.side] {
				data = append(append(data, head...), content...)
				continue
			}
			for len(content) > 0 {
				k := min(size, len(content))
				data = append(append(data, head[0], head[1], head[2], 0, byte(k)), content[:k]...)
				content = content[k:]
			}
		}
		out = append(out, turn{next.side, data})
	}
	return out
}

func TestEvents(t *testing.T) {
	client, server := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
	want := []string{
		"client client hello", "server server hello", "server certificate", "server key exchange", "server established",
	}
	if diff := cmp.Diff(want, words(record(t, client, server))); diff != "" {
		t.Errorf("TLS 1.2 (-want +got):\n%s", diff)
	}
	client, server = configs(t, cryptotls.VersionTLS13, sign(t, template(), rsaKey()))
	want = []string{"client client hello", "server server hello", "client established"}
	if diff := cmp.Diff(want, words(record(t, client, server))); diff != "" {
		t.Errorf("TLS 1.3 (-want +got):\n%s", diff)
	}
}

// In a resumed session the server finishes first, and shows no certificate.
func TestResumed(t *testing.T) {
	client, server := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
	client.ClientSessionCache = cryptotls.NewLRUClientSessionCache(1)
	server.SessionTicketsDisabled = false
	record(t, client, server)
	turns := record(t, client, server)
	want := []string{"client client hello", "server server hello", "client established"}
	if diff := cmp.Diff(want, words(turns)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sameForAnyCut(t, turns)
}

func TestHelloRetryRequest(t *testing.T) {
	client, server := configs(t, cryptotls.VersionTLS13, sign(t, template(), rsaKey()))
	client.CurvePreferences = []cryptotls.CurveID{cryptotls.X25519, cryptotls.CurveP384}
	server.CurvePreferences = []cryptotls.CurveID{cryptotls.CurveP384}
	turns := record(t, client, server)
	want := []string{"client client hello", "server hello retry request", "server server hello", "client established"}
	if diff := cmp.Diff(want, words(turns)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sameForAnyCut(t, turns)
}

func TestAlert(t *testing.T) {
	refuse := func([][]byte, [][]*x509.Certificate) error { return errors.New("refused") }
	tests := []struct {
		name   string
		change func(client, server *cryptotls.Config)
		alert  string
		side   dissect.Side
	}{
		{
			"client-refuses-certificate",
			func(c, s *cryptotls.Config) { c.VerifyPeerCertificate = refuse },
			"bad_certificate", dissect.Client,
		},
		{
			"no-common-version",
			func(c, s *cryptotls.Config) {
				c.MinVersion, c.MaxVersion = cryptotls.VersionTLS11, cryptotls.VersionTLS11
			},
			"protocol_version", dissect.Server,
		},
		{
			"no-common-suite",
			func(c, s *cryptotls.Config) {
				c.CipherSuites = []uint16{cryptotls.TLS_RSA_WITH_RC4_128_SHA}
				s.CipherSuites = []uint16{cryptotls.TLS_RSA_WITH_AES_128_CBC_SHA}
			},
			"handshake_failure", dissect.Server,
		},
		{
			"hidden-in-tls-1.3",
			func(c, s *cryptotls.Config) {
				c.MaxVersion, s.MaxVersion = cryptotls.VersionTLS13, cryptotls.VersionTLS13
				c.VerifyPeerCertificate = refuse
			},
			"encrypted alert", dissect.Client,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, server := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
			tt.change(client, server)
			turns := record(t, client, server)
			facts, _ := play(turns, 0)
			if facts.Established {
				t.Error("established")
			}
			if facts.Alert != tt.alert || facts.AlertSide != tt.side {
				t.Errorf("alert %q of the %s, want %q of the %s", facts.Alert, facts.AlertSide, tt.alert, tt.side)
			}
			sameForAnyCut(t, turns)
		})
	}
}

// What comes first of a connection decides nothing: who joins late sees
// records of application data.
func TestJoinedLate(t *testing.T) {
	client, server := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
	turns := record(t, client, server)
	late := turns[len(turns)-2:]
	want := dissect.TLSFacts{Established: true}
	got, _ := play(late, 0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("both sides (-want +got):\n%s", diff)
	}
	if w := words(late[:1]); w != nil {
		t.Errorf("one side: %v", w)
	}
	sameForAnyCut(t, late)
}

func TestOneSided(t *testing.T) {
	client, server := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
	turns := record(t, client, server)
	wants := [2][]string{
		{"client client hello"}, {"server server hello", "server certificate", "server key exchange"},
	}
	for side, want := range wants {
		var one []turn
		for _, turn := range turns {
			if turn.side == dissect.Side(side) {
				one = append(one, turn)
			}
		}
		if diff := cmp.Diff(want, words(one)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dissect.Side(side), diff)
		}
	}
}

func TestNotTLS(t *testing.T) {
	for _, in := range []string{
		"EHLO pc7\r\n", "220 mx.example ESMTP\r\n", "\x16\x03\x09\x00\x01\x01", "\x16\x03\x01\xff\xff\x01", "\x80\x01\x01",
		"\x16\x03\x01\x00\x04\x63\x00\x00\x00", "\xff\xff\xff\xff\xff", strings.Repeat("\x00", 100),
		"\x16\x03\x01\x00\x04\x01\x00\x00\x00", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", "\x15\x03\x01\x00\x02\x07\x28",
	} {
		for side := range dissect.Side(2) {
			turns := []turn{{side, []byte(in)}, {side.Other(), []byte(in)}}
			if got := words(turns); got != nil {
				t.Errorf("%q: %v", in, got)
			}
		}
	}
}

// With one gap at each place nothing is told that is not so, and no gap
// within the content of a record ends the reading.
func TestGap(t *testing.T) {
	for _, version := range []uint16{cryptotls.VersionTLS12, cryptotls.VersionTLS13} {
		client, server := configs(t, version, sign(t, template(), rsaKey()))
		turns := record(t, client, server)
		whole, _ := play(turns, 0)
		for i, turn := range turns {
			for from := range turn.data {
				for _, n := range []int{1, 40, len(turn.data)} {
					to := min(from+n, len(turn.data))
					facts := playGap(turns, i, from, to)
					if lie := contradiction(&whole, &facts); lie != "" {
						t.Fatalf("version %x, turn %d, lost %d to %d: %s", version, i, from, to, lie)
					}
				}
			}
		}
		if !playGap(turns, 0, 10, 60).Established {
			t.Errorf("version %x: not established, although the lost bytes stood within a record", version)
		}
		if !playGap(turns, 0, 0, len(turns[0].data)).Established {
			t.Errorf("version %x: not established, although only the first turn was lost", version)
		}
	}
}

// playGap plays turns without the bytes [from, to) of one turn.
func playGap(turns []turn, at, from, to int) (facts dissect.TLSFacts) {
	s := tls.New([2]uint64{})
	take := func(events []dissect.Event) {
		for _, e := range events {
			if e.TLS != nil {
				facts = *e.TLS
			}
		}
	}
	for i, turn := range turns {
		if i != at {
			take(s.Feed(nil, turn.side, turn.data))
			continue
		}
		take(s.Feed(nil, turn.side, turn.data[:from]))
		take(s.Gap(nil, turn.side, uint64(to-from)))
		take(s.Feed(nil, turn.side, turn.data[to:]))
	}
	return facts
}

// contradiction names a fact that is known and differs from the truth.
func contradiction(truth, got *dissect.TLSFacts) string {
	for _, f := range []struct{ name, truth, got string }{
		{"version", truth.Version, got.Version}, {"cipher", truth.Cipher, got.Cipher}, {"sni", truth.SNI, got.SNI},
		{"alpn", truth.ALPN, got.ALPN}, {"ja3", truth.JA3, got.JA3}, {"ja3s", truth.JA3S, got.JA3S},
		{"ja4", truth.JA4, got.JA4}, {"alert", truth.Alert, got.Alert}, {"offered", truth.Offered, got.Offered},
		{"sentinel", truth.Sentinel, got.Sentinel}, {"group", truth.Group, got.Group},
		{"compression", truth.Compression, got.Compression},
	} {
		if f.got != "" && f.got != f.truth {
			return f.name + " " + f.got
		}
	}
	if got.Resumed != dissect.Unknown && got.Resumed != truth.Resumed {
		return "resumed"
	}
	if got.Renegotiation != dissect.Unknown && got.Renegotiation != truth.Renegotiation {
		return "renegotiation"
	}
	if got.Established && !truth.Established {
		return "established"
	}
	if got.Certificate != nil && !cmp.Equal(got.Certificate, truth.Certificate) {
		return "certificate"
	}
	return ""
}

func TestLostEvent(t *testing.T) {
	s := tls.New([2]uint64{5, 9})
	got := s.Gap(nil, dissect.Server, 3)
	want := []dissect.Event{{Kind: dissect.Lost, Side: dissect.Server, Start: 9, End: 12}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEstablishedStreamAllocatesNothing(t *testing.T) {
	s, stream := established(t)
	var events []dissect.Event
	n := testing.AllocsPerRun(100, func() { events = s.Feed(events[:0], dissect.Server, stream) })
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// established returns an established session, and a stream of records.
func established(t testing.TB) (*tls.Session, []byte) {
	client, server := configs(t, cryptotls.VersionTLS12, sign(t, template(), rsaKey()))
	s := tls.New([2]uint64{})
	for _, turn := range record(t, client, server) {
		s.Feed(nil, turn.side, turn.data)
	}
	record := append([]byte{23, 3, 3, 0x40, 0x00}, make([]byte, 0x4000)...)
	return s, bytes.Repeat(record, 64)
}

func BenchmarkEstablished(b *testing.B) {
	s, stream := established(b)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		for rest := stream; len(rest) > 0; {
			n := min(1448, len(rest)) // as segments come
			events = s.Feed(events[:0], dissect.Server, rest[:n])
			rest = rest[n:]
		}
	}
}

func BenchmarkHandshake(b *testing.B) {
	client, server := configs(b, cryptotls.VersionTLS12, sign(b, template(), rsaKey()))
	turns := record(b, client, server)
	size := 0
	for _, turn := range turns {
		size += len(turn.data)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		s := tls.New([2]uint64{})
		for _, turn := range turns {
			events = s.Feed(events[:0], turn.side, turn.data)
		}
	}
}
