//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// relayTime bounds one connection through a relay.
const relayTime = 15 * time.Second

// tampering is what a man in the middle does to a connection. The zero value
// passes everything on as it is.
type tampering struct {
	server  func([]byte) []byte // rewrites what the server says
	client  func([]byte) []byte // rewrites what the client says
	answer  string              // given to the client's STARTTLS in the server's place; TAG is the client's
	garbage []byte              // sent where TLS should begin, before hanging up
	forged  *tls.Config         // with it he speaks TLS himself
	login   string              // said to the server first, with the tag m; it must accept it
	greet   string              // given to the client in place of the server's greeting
}

// relay is a man in the middle: it listens where the clients think the server
// to be, and speaks with the server as they would.
type relay struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	mu       sync.Mutex
	next     tampering
	failed   error
}

// newRelay starts a relay in the namespace of the servers, before the port to.
// Its words with the server cross the wire, from the address across, where
// there is one, and else are not to be seen.
func newRelay(t *testing.T, w *mailWire, at netip.AddrPort, to int, across string) *relay {
	t.Helper()
	r := &relay{}
	err := inNamespace(w.server, func() (err error) {
		r.listener, err = net.Listen("tcp", at.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	server := netip.AddrPortFrom(netip.MustParseAddr(wireServer), uint16(to))
	if across != "" {
		r.dial = dialIn(w.client, across, server)
	} else {
		r.dial = dialIn(w.server, "", server)
	}
	r.serve(t)
	return r
}

// dialIn returns what connects to an address from a namespace, and from one of
// its addresses where it is named.
func dialIn(namespace, from string, to netip.AddrPort) func() (net.Conn, error) {
	dialer := net.Dialer{Timeout: relayTime}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	return func() (conn net.Conn, err error) {
		err = inNamespace(namespace, func() (err error) {
			conn, err = dialer.Dial("tcp", to.String())
			return err
		})
		return conn, err
	}
}

// serve passes on one connection after another until the test ends.
func (r *relay) serve(t *testing.T) {
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := r.listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { r.pass(client) })
		}
	})
	t.Cleanup(func() {
		r.listener.Close()
		connections.Wait()
		if r.failed != nil {
			t.Error(r.failed)
		}
	})
}

// does sets what is done to the connections that follow.
func (r *relay) does(next tampering) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = next
}

func (r *relay) pass(client net.Conn) {
	defer client.Close()
	r.mu.Lock()
	how := r.next
	r.mu.Unlock()
	server, err := r.dial()
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failed = err
		return
	}
	defer server.Close()
	for _, conn := range []net.Conn{client, server} {
		conn.SetDeadline(time.Now().Add(relayTime))
	}
	how.relay(client, server)
}

// relay passes on until an end hangs up. What either end does wrong is for the
// findings to tell.
func (how *tampering) relay(client, server net.Conn) {
	if how.login != "" && how.logIn(server) != nil {
		return
	}
	io.WriteString(client, how.greet)
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyEdited(client, server, how.server)
		hangUp(client)
	}()
	copyEdited(server, client, func(text []byte) []byte {
		if how.answer == "" || !startsTLS(text) {
			return edited(how.client, text)
		}
		tag, _, _ := bytes.Cut(text, []byte(" "))
		io.WriteString(client, strings.Replace(how.answer, "TAG", string(tag), 1))
		how.afterAnswer(client)
		return nil
	})
	hangUp(server)
	<-done
}

// afterAnswer does what comes where TLS should begin.
func (how *tampering) afterAnswer(client net.Conn) {
	if how.forged != nil {
		tls.Server(client, how.forged).Handshake() // the client says what it thinks of it
		client.Close()
	}
	if how.garbage != nil {
		client.Read(make([]byte, relayBuffer)) // the client's hello
		client.Write(how.garbage)
		client.Close()
	}
}

func hangUp(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.CloseWrite()
	}
}

// logIn logs in with an account of its own, whose mailbox the client then gets.
func (how *tampering) logIn(server net.Conn) error {
	buf := make([]byte, relayBuffer)
	if _, err := server.Read(buf); err != nil {
		return err
	}
	io.WriteString(server, how.login)
	for {
		switch n, err := server.Read(buf); {
		case err != nil:
			return err
		case bytes.HasPrefix(buf[:n], []byte("m NO")):
			return errors.New("the server refused the relay's own account")
		case bytes.HasPrefix(buf[:n], []byte("m OK")):
			return nil
		}
	}
}

// relayBuffer is what is passed on at once, in octets: the lists of servers and
// what follows a command come whole.
const relayBuffer = 64 << 10

// copyEdited passes on what src says, edited, until it has said all.
func copyEdited(dst io.Writer, src io.Reader, edit func([]byte) []byte) {
	buf := make([]byte, relayBuffer)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			dst.Write(edited(edit, buf[:n]))
		}
		if err != nil {
			return
		}
	}
}

func edited(edit func([]byte) []byte, text []byte) []byte {
	if edit == nil {
		return text
	}
	return edit(text)
}

// startsTLS tells whether a client asks for TLS, in any of the protocols.
func startsTLS(text []byte) bool {
	line := bytes.TrimSuffix(text, []byte("\r\n"))
	return bytes.HasSuffix(line, []byte("STARTTLS")) || bytes.Equal(line, []byte("STLS"))
}
