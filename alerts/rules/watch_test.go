package rules_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	cryptotls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// watch folds a dialogue into Facts, as it is done with a capture.
func watch(t *testing.T, port uint16, dialogue string, now time.Time) *dissect.Facts {
	s := session.New(new(session.Pool), [2]uint16{40000, port}, false)
	f := &dissect.Facts{
		Client: netip.MustParseAddrPort("10.0.0.5:40000"), Server: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.9"), port),
		Files: []string{"a.pcap"}, Start: now.UnixNano(),
	}
	packets := uint64(0)
	add := func(events []dissect.Event) {
		for i := range events {
			events[i].Stamp = dissect.Stamp{Time: now.UnixNano(), Packet: packets}
			f.Add(&events[i])
		}
	}
	for line := range strings.SplitSeq(strings.TrimPrefix(dialogue, "\n"), "\n") {
		for _, turn := range spoken(t, line) {
			packets++
			add(s.Feed(nil, uint8(turn.side), turn.data))
		}
	}
	add(s.End(nil))
	f.Protocol = s.Protocol()
	f.Finish()
	return f
}

// said is what one side sends at once.
type said struct {
	side dissect.Side
	data []byte
}

// spoken gives the bytes of a line of a dialogue.
func spoken(t *testing.T, line string) []said {
	side, text, _ := strings.Cut(line, ": ")
	switch {
	case side == "C":
		return []said{{dissect.Client, []byte(text + "\r\n")}}
	case side == "S":
		return []said{{dissect.Server, []byte(text + "\r\n")}}
	case line == "alert":
		return []said{{dissect.Server, []byte{21, 3, 3, 0, 2, 2, 10}}}
	case line == "hello":
		return connect(t, cryptotls.VersionTLS13)[:1]
	case line == "TLS 1.2":
		return connect(t, cryptotls.VersionTLS12)
	case line == "TLS 1.3":
		return connect(t, cryptotls.VersionTLS13)
	}
	t.Fatalf("line %q", line)
	return nil
}

// connect records a connection to a server that has a certificate without
// fault.
func connect(t *testing.T, version uint16) (turns []said) {
	var mu sync.Mutex
	near, far := net.Pipe()
	taped := func(side dissect.Side, c net.Conn) net.Conn {
		return tape{c, func(b []byte) {
			mu.Lock()
			defer mu.Unlock()
			turns = append(turns, said{side, bytes.Clone(b)})
		}}
	}
	pair := issue(t)
	server := cryptotls.Server(taped(dissect.Server, far), &cryptotls.Config{Certificates: []cryptotls.Certificate{pair}})
	client := cryptotls.Client(taped(dissect.Client, near), &cryptotls.Config{
		ServerName: "mx.example", InsecureSkipVerify: true, MaxVersion: version,
	})
	done := make(chan error)
	go func() {
		_, err := fmt.Fprintf(server, "* OK ready\r\n")
		if err == nil {
			_, err = io.ReadFull(server, make([]byte, 6))
		}
		done <- err
	}()
	_, err := io.ReadFull(client, make([]byte, 12))
	if err == nil {
		_, err = io.WriteString(client, "QUIT\r\n")
	}
	if other := <-done; err != nil || other != nil {
		t.Fatal(err, other)
	}
	return turns
}

// tape is a connection of which what is written is kept.
type tape struct {
	net.Conn
	keep func([]byte)
}

func (c tape) Write(b []byte) (int, error) {
	c.keep(b)
	return c.Conn.Write(b)
}

// issue makes a certificate that an authority has signed.
var issue = func() func(*testing.T) cryptotls.Certificate {
	var once sync.Once
	var pair cryptotls.Certificate
	return func(t *testing.T) cryptotls.Certificate {
		once.Do(func() {
			now := time.Now()
			key := [2]*ecdsa.PrivateKey{newKey(t), newKey(t)}
			authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}}
			own := &x509.Certificate{
				SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "mx.example"}, DNSNames: []string{"mx.example"},
				NotBefore: now.AddDate(0, 0, -30), NotAfter: now.AddDate(0, 0, 60),
			}
			der, err := x509.CreateCertificate(rand.Reader, own, authority, key[0].Public(), key[1])
			if err != nil {
				t.Fatal(err)
			}
			pair = cryptotls.Certificate{Certificate: [][]byte{der}, PrivateKey: key[0]}
		})
		return pair
	}
}()

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
