package sinks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/mailtap/mailtap/alerts/export"
)

// Bounds of a connection.
const (
	dialTimeout  = 10 * time.Second // for the receiver's name, its answer and the handshake
	writeTimeout = 10 * time.Second // for the receiver to take one finding
)

// Receiver is a syslog receiver.
type Receiver struct {
	url   *url.URL
	roots *x509.CertPool // of tls
}

// ParseReceiver reads the URL of a receiver: udp://HOST:PORT (RFC 5426),
// tcp://HOST:PORT (RFC 6587, octet counting) or tls://HOST:PORT (RFC 5425). For
// tls it reads the system's certificates at once, as later the program may not
// be allowed to.
func ParseReceiver(s string) (*Receiver, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Port() == "" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
		// What was typed is not told: it may hold a password.
		return nil, errors.New("takes udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT, and nothing else")
	}
	r := &Receiver{url: u}
	switch u.Scheme {
	case "udp", "tcp":
	case "tls":
		if r.roots, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("reading the system's certificates: %w", err)
		}
	default:
		return nil, fmt.Errorf("%s: say udp, tcp or tls", u.Scheme)
	}
	return r, nil
}

func (r *Receiver) String() string { return r.url.String() }

// Framing is how messages to it are told apart.
func (r *Receiver) Framing() export.Framing {
	if r.url.Scheme == "udp" {
		return export.Datagram
	}
	return export.Counted
}

// Dial connects to it.
func (r *Receiver) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if r.url.Scheme != "tls" {
		return new(net.Dialer).DialContext(ctx, r.url.Scheme, r.url.Host)
	}
	d := tls.Dialer{Config: &tls.Config{ServerName: r.url.Hostname(), RootCAs: r.roots, MinVersion: tls.VersionTLS12}}
	return d.DialContext(ctx, "tcp", r.url.Host)
}

// remote is a connection to a receiver.
type remote struct {
	to   *Receiver
	conn net.Conn
	gone chan struct{} // closed when the receiver has hung up
	stop func() bool   // the end of the sink no longer breaks off a write
}

var errHungUp = errors.New("the receiver has hung up")

func (r *remote) open(ctx context.Context) error {
	r.close()
	conn, err := r.to.Dial(ctx)
	if err != nil {
		return err
	}
	r.conn, r.gone = conn, make(chan struct{})
	r.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if r.to.Framing() != export.Datagram {
		go listen(conn, r.gone)
	}
	return nil
}

// listen notices that the receiver hangs up; it has nothing else to say. Without
// this, the finding after that would be written to nobody.
func listen(conn net.Conn, gone chan<- struct{}) {
	io.Copy(io.Discard, conn)
	close(gone)
	conn.Close()
}

func (r *remote) write(message []byte) error {
	select {
	case <-r.gone:
		return errHungUp
	default:
	}
	r.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := r.conn.Write(message)
	return err
}

func (r *remote) close() error {
	if r.conn == nil {
		return nil
	}
	r.stop()
	return r.conn.Close()
}
