package tls_test

import (
	"bytes"
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

// wire carries the bytes of both ends and keeps what they write, in order. It
// never blocks a writer, as two ends that fail at once would wait for ever.
type wire struct {
	mu     sync.Mutex
	more   sync.Cond
	queue  [2][]byte // to be read, by the side that wrote it
	closed [2]bool
	turns  []turn
}

func newWire() *wire {
	w := &wire{}
	w.more.L = &w.mu
	return w
}

// end is one side's end of a wire.
type end struct {
	net.Conn // nil: no deadlines, no addresses
	side     dissect.Side
	wire     *wire
}

func (e end) Write(b []byte) (int, error) {
	e.wire.mu.Lock()
	defer e.wire.mu.Unlock()
	e.wire.turns = append(e.wire.turns, turn{e.side, bytes.Clone(b)})
	e.wire.queue[e.side] = append(e.wire.queue[e.side], b...)
	e.wire.more.Broadcast()
	return len(b), nil
}

func (e end) Read(b []byte) (int, error) {
	e.wire.mu.Lock()
	defer e.wire.mu.Unlock()
	from := e.side.Other()
	for len(e.wire.queue[from]) == 0 {
		if e.wire.closed[from] {
			return 0, io.EOF
		}
		e.wire.more.Wait()
	}
	n := copy(b, e.wire.queue[from])
	e.wire.queue[from] = e.wire.queue[from][n:]
	return n, nil
}

func (e end) Close() error {
	e.wire.mu.Lock()
	defer e.wire.mu.Unlock()
	e.wire.closed[e.side] = true
	e.wire.more.Broadcast()
	return nil
}

// record makes a connection, in which each side says a line if the handshake
// succeeds on its side.
func record(t testing.TB, client, server *cryptotls.Config) []turn {
	t.Helper()
	w := newWire()
	done := make(chan struct{})
	go func() {
		defer close(done)
		e := end{side: dissect.Server, wire: w}
		defer e.Close()
		converse(cryptotls.Server(e, server), answer, question)
	}()
	e := end{side: dissect.Client, wire: w}
	converse(cryptotls.Client(e, client), question, answer)
	e.Close()
	<-done
	return w.turns
}

const (
	question = "a1 CAPABILITY\r\n"
	answer   = "a1 OK done\r\n"
)

// converse says one line and reads another; the client begins.
func converse(c *cryptotls.Conn, say, hear string) {
	if c.Handshake() != nil {
		return
	}
	if say == question {
		c.Write([]byte(say))
	}
	if _, err := io.ReadFull(c, make([]byte, len(hear))); err == nil && say == answer {
		c.Write([]byte(say))
	}
}

// play feeds turns, cut every cut bytes (0: not), and returns the facts that
// events showed and the events as text.
func play(turns []turn, cut int) (dissect.TLSFacts, []string) {
	s := tls.New([2]uint64{100, 2000})
	facts := new(dissect.TLSFacts) // a Session goes on filling it in after the event
	var lines []string
	for _, turn := range turns {
		for b := turn.data; len(b) > 0; {
			n := len(b)
			if cut > 0 {
				n = min(n, cut)
			}
			for _, e := range s.Feed(nil, turn.side, b[:n]) {
				lines = append(lines, format(&e))
				facts = e.TLS
			}
			b = b[n:]
		}
	}
	return *facts, lines
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
		MinVersion: version, MaxVersion: version, CurvePreferences: []cryptotls.CurveID{cryptotls.X25519},
	}
	server = &cryptotls.Config{
		Certificates: []cryptotls.Certificate{certificate}, NextProtos: []string{"imap"},
		MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true,
	}
	return client, server
}
