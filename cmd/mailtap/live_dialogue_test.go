//go:build linux

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// The addresses of the dialogues. All of 127.0.0.0/8 is the loopback device's.
const liveServer, liveClient = "127.0.0.1", "127.0.0.2"

// dialogueTime bounds one dialogue.
const dialogueTime = 10 * time.Second

const (
	livePassword = "open-sesame-7"
	liveEncoded  = "AG9sZ2EAb3Blbi1zZXNhbWUtNw==" // NUL olga NUL livePassword
)

const pop3Login = `S: +OK ready
C: USER nina
S: +OK
C: PASS ` + livePassword + `
S: +OK logged in
C: RETR 1
S: +OK 60 octets
S: From: cfo@bank.example
S: Subject: Minutes
S: 
S: Not for circulation.
S: .
C: QUIT
S: +OK bye
`

const smtpLogin = `S: 220 mail.example ESMTP
C: EHLO pc7.example
S: 250-mail.example
S: 250-SIZE 10240000
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN ` + liveEncoded + `
S: 235 2.7.0 accepted
C: MAIL FROM:<olga@shop.example>
S: 250 2.1.0 ok
C: RCPT TO:<cfo@bank.example>
S: 250 2.1.5 ok
C: DATA
S: 354 go on
C: Subject: Forecast
C: 
C: Not for circulation.
C: .
S: 250 2.0.0 queued
C: QUIT
S: 221 2.0.0 bye
`

const imapLogin = `S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready
C: a1 LOGIN vera ` + livePassword + `
S: a1 NO [AUTHENTICATIONFAILED] no
C: a2 LOGOUT
S: * BYE bye
S: a2 OK bye
`

// play lets a client and a server at a port speak a dialogue over TCP, until
// both have closed the connection.
func play(t *testing.T, port int, dialogue string) {
	t.Helper()
	connect(t, port, func(server net.Conn) error { return speak(server, "S", dialogue) },
		func(client net.Conn) error { return speak(client, "C", dialogue) })
}

// speak says the lines of one side and expects those of the other.
func speak(conn net.Conn, side, dialogue string) error {
	r := bufio.NewReader(conn)
	for line := range strings.Lines(dialogue) {
		who, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		text += "\r\n"
		if who == side {
			if _, err := io.WriteString(conn, text); err != nil {
				return err
			}
			continue
		}
		if got, err := r.ReadString('\n'); got != text {
			return fmt.Errorf("%s heard %q instead of %q (%v)", side, got, text, err)
		}
	}
	return nil
}

// playTLS is a session in TLS 1.3, which tells nothing.
func playTLS(t *testing.T, port int) {
	t.Helper()
	pair := selfSigned(t, "mail.example", "Example")
	connect(t, port, func(conn net.Conn) error {
		return speak(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}), "S", imapLogin)
	}, func(conn net.Conn) error {
		return speak(tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: "mail.example"}), "C", imapLogin)
	})
}

// selfSigned returns a certificate for a server's name that nobody else has
// signed.
func selfSigned(t *testing.T, server, organization string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: server, Organization: []string{organization}}, DNSNames: []string{server},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// connect runs the two ends of a connection and closes it, the client first.
func connect(t *testing.T, port int, server, client func(net.Conn) error) {
	t.Helper()
	address := net.JoinHostPort(liveServer, fmt.Sprint(port))
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			err = untilClosed(conn, server)
			conn.Close()
		}
		served <- err
	}()
	dialer := net.Dialer{Timeout: dialogueTime, LocalAddr: &net.TCPAddr{IP: net.ParseIP(liveClient)}}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(dialogueTime))
	err = client(conn)
	conn.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
}

// untilClosed runs the server's end and waits until the client hangs up.
func untilClosed(conn net.Conn, server func(net.Conn) error) error {
	conn.SetDeadline(time.Now().Add(dialogueTime))
	if err := server(conn); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}

// sendSteadily sends a datagram every few milliseconds, so that no reading
// from the device ever waits in vain. The function it returns ends it.
func sendSteadily(t *testing.T) (stop func()) {
	const every = 20 * time.Millisecond
	conn := dialDatagrams(t)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				conn.Write([]byte("steady")) // nobody listens: errors are expected
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// dialDatagrams sends to the discard port (RFC 863).
func dialDatagrams(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", net.JoinHostPort(liveServer, "9"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
