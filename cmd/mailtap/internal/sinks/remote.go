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
	"strconv"
	"syscall"
	"time"

	"github.com/mailtap/mailtap/alerts/export"
)

// Bounds of a connection.
const (
	dialTimeout  = 10 * time.Second // for the receiver's name, its answer and the handshake
	writeTimeout = 10 * time.Second // for the receiver to take one finding
	partTimeout  = lastWait         // for the receiver to hang up, when it was told that nothing more comes
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
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
		return nil, fmt.Errorf("port %s: say 1 to 65535", u.Port())
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

// Dial connects to it. What is written to a udp receiver is sent in pace with
// what one can take.
func (r *Receiver) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if r.url.Scheme == "tls" {
		d := tls.Dialer{Config: &tls.Config{ServerName: r.url.Hostname(), RootCAs: r.roots, MinVersion: tls.VersionTLS12}}
		return d.DialContext(ctx, "tcp", r.url.Host)
	}
	c, err := new(net.Dialer).DialContext(ctx, r.url.Scheme, r.url.Host)
	if err != nil || r.url.Scheme != "udp" {
		return c, err
	}
	return &paced{Conn: c}, nil
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
		return sayWho(err)
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
	return sayWho(err)
}

// sayWho says who forbids it where the host does: a capture was allowed to
// send, and is not as a service.
func sayWho(err error) error {
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w by this host: see its firewall, and IPAddressAllow= of the service's unit", err)
	}
	return err
}

func (r *remote) close() error {
	if r.conn == nil {
		return nil
	}
	r.part()
	r.stop()
	return r.conn.Close()
}

// part says that nothing more comes, and waits until the receiver has taken
// that in. One that still has something to say when the connection is gone,
// such as the tickets at the end of a TLS handshake (RFC 8446, section 4.6.1),
// may throw away what it was sent.
func (r *remote) part() {
	half, ok := r.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	select {
	case <-r.gone:
	case <-time.After(partTimeout):
	}
}
