package tls_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	cryptotls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/tls"
)

// turn is what one side sends at once.
type turn struct {
	side dissect.Side
	data []byte
}

// recorder keeps what two ends of a pipe write, in order.
type recorder struct {
	mu    sync.Mutex
	turns []turn
}

type end struct {
	net.Conn
	side dissect.Side
	to   *recorder
}

func (e end) Write(b []byte) (int, error) {
	e.to.mu.Lock()
	e.to.turns = append(e.to.turns, turn{e.side, append([]byte(nil), b...)})
	e.to.mu.Unlock()
	return e.Conn.Write(b)
}

// record makes a connection, in which each side says a few words if the
// handshake succeeds on its side.
func record(t testing.TB, client, server *cryptotls.Config) []turn {
	t.Helper()
	a, b := net.Pipe()
	var r recorder
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer b.Close()
		c := cryptotls.Server(end{b, dissect.Server, &r}, server)
		if c.Handshake() != nil {
			return
		}
		if _, err := io.ReadFull(c, make([]byte, 8)); err == nil {
			c.Write([]byte("* OK hello there, this is the answer\r\n"))
		}
	}()
	c := cryptotls.Client(end{a, dissect.Client, &r}, client)
	if c.Handshake() == nil {
		c.Write([]byte("a1 NOOP\r\na2 NOOP\r\n")[:8])
		io.ReadFull(c, make([]byte, 38))
	}
	a.Close()
	<-done
	return r.turns
}

// play feeds turns, cut every cut bytes (0: not), and returns the facts that
// the last event showed and the events as text.
func play(turns []turn, cut int) (dissect.TLSFacts, []string) {
	s := tls.New([2]uint64{100, 2000})
	var facts dissect.TLSFacts
	var lines []string
	for _, turn := range turns {
		for b := turn.data; len(b) > 0; {
			n := len(b)
			if cut > 0 {
				n = min(n, cut)
			}
			for _, e := range s.Feed(nil, turn.side, b[:n]) {
				lines = append(lines, format(&e))
				facts = *e.TLS
			}
			b = b[n:]
		}
	}
	return facts, lines
}

func format(e *dissect.Event) string {
	return fmt.Sprintf("%s %d-%d %s %s", e.Side, e.Start, e.End, e.Kind, e.Text)
}

// words are the texts of the events alone.
func words(turns []turn) (list []string) {
	s := tls.New([2]uint64{})
	for _, turn := range turns {
		for _, e := range s.Feed(nil, turn.side, turn.data) {
			list = append(list, e.Side.String()+" "+string(e.Text))
		}
	}
	return list
}

var (
	notBefore = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	notAfter  = time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC)
)

func template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(7),
		Subject:      pkix.Name{CommonName: "imap.example.net", Organization: []string{"Example & Co, Ltd"}, Country: []string{"DE"}},
		DNSNames:     []string{"imap.example.net", "*.example.net"},
		IPAddresses:  []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")},
		NotBefore:    notBefore,
		NotAfter:     notAfter,
	}
}

// sign makes a certificate of key, signed with key.
func sign(t testing.TB, template *x509.Certificate, key crypto.Signer) cryptotls.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return cryptotls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// configs are a client and a server that agree on version.
func configs(t testing.TB, version uint16, certificate cryptotls.Certificate) (client, server *cryptotls.Config) {
	client = &cryptotls.Config{
		ServerName: "imap.example.net", InsecureSkipVerify: true, NextProtos: []string{"imap"},
		MinVersion: version, MaxVersion: version,
	}
	server = &cryptotls.Config{
		Certificates: []cryptotls.Certificate{certificate}, NextProtos: []string{"imap"},
		MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true,
	}
	return client, server
}
