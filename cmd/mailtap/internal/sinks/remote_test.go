package sinks_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
)

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func accept(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// next reads one message by its length (RFC 6587, section 3.4.1).
func next(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var n int
	if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expect reads messages of numbered accounts.
func expect(t *testing.T, r *bufio.Reader, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if got, want := next(t, r), fmt.Sprintf(`account="joe%d"`, i); !strings.Contains(got, want) {
			t.Fatalf("%s is not in %s", want, got)
		}
	}
}

// A receiver that is away when the capture begins gets all that happened since,
// each finding once, in order.
func TestReceiverComesLater(t *testing.T) {
	address := "127.0.0.1:" + freePort(t, "tcp")
	said := make(chan string, 10)
	s := open(t, sinks.Options{Syslog: "tcp://" + address, Say: func(format string, args ...any) { said <- fmt.Sprintf(format, args...) }})
	for _, r := range accounts(20) {
		s.Send(r)
	}
	if got := <-said; !strings.HasPrefix(got, "--syslog tcp://"+address) || !strings.Contains(got, "findings wait") {
		t.Errorf("said %q", got)
	}
	expect(t, bufio.NewReader(accept(t, listen(t, address))), 0, 20)
	if got := <-said; !strings.HasSuffix(got, "findings are delivered again; 0 were given up") {
		t.Errorf("said %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A receiver that hangs up is called again.
func TestReceiverHangsUp(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	s := open(t, sinks.Options{Syslog: "tcp://" + l.Addr().String()})
	list := accounts(6)
	for i := range 3 {
		s.Send(list[2*i])
		c := accept(t, l)
		expect(t, bufio.NewReader(c), 2*i, 2*i+1)
		s.Send(list[2*i+1])
		expect(t, bufio.NewReader(c), 2*i+1, 2*i+2)
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("the sink has not hung up: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A receiver that reads no more holds up nobody; what it did not take is told.
func TestReceiverStuck(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	s := open(t, sinks.Options{Syslog: "tcp://" + l.Addr().String()})
	const n = 15_000 // more than the queue and the buffers of the kernel hold
	r := result("joe")
	r.Findings[0].Why = strings.Repeat("w", 1500)
	for range n {
		s.Send(r)
	}
	accept(t, l)
	if got := s.Stats()[0]; got.Waiting > 8192 || got.Dropped == 0 {
		t.Errorf("%+v", got)
	}
	err := s.Close()
	got := s.Stats()[0]
	if got.Sent+got.Dropped != n {
		t.Errorf("%d sent and %d given up of %d", got.Sent, got.Dropped, n)
	}
	want := fmt.Sprintf(": %d of %d findings not delivered: it took nothing more in time;", got.Dropped, n)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, and not %q", err, want)
	}
}

// One that takes the connection and does not go on with TLS is told in the same
// words: what was broken off at the end has no reason of its own.
func TestReceiverSilentInTLS(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	s := open(t, sinks.Options{Syslog: "tls://" + l.Addr().String()})
	s.Send(result("joe"))
	accept(t, l)
	err := s.Close()
	if err == nil || !strings.Contains(err.Error(), ": 1 of 1 findings not delivered: it took nothing more in time;") {
		t.Errorf("error %v", err)
	}
}

// At the end, a receiver that is away is not waited for.
func TestReceiverAway(t *testing.T) {
	s := open(t, sinks.Options{Syslog: "tcp://127.0.0.1:" + freePort(t, "tcp")})
	for _, r := range accounts(10_000) {
		s.Send(r)
	}
	if got := s.Stats()[0]; got.Waiting > 8192 || got.Waiting == 0 {
		t.Errorf("%+v", got)
	}
	err := s.Close()
	if got := s.Stats()[0]; got.Dropped != 10_000 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
	if err == nil || !strings.Contains(err.Error(), "10000 of 10000 findings not delivered: dial tcp") {
		t.Errorf("error %v", err)
	}
}

func TestUDP(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := open(t, sinks.Options{Syslog: "udp://" + c.LocalAddr().String()})
	b := make([]byte, 4096)
	for i, r := range accounts(3) {
		s.Send(r)
		n, _, err := c.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(b[:n]); !strings.HasPrefix(got, "<83>1 ") || !strings.Contains(got, fmt.Sprintf(`account="joe%d"`, i)) {
			t.Errorf("datagram %q", got)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// serverTLS is the configuration of a receiver that is trusted.
func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(certificates, "cert.pem"), filepath.Join(certificates, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// What is queued at the end goes out in pace, however long that takes.
func TestUDPEnd(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	const findings = 2000
	s := open(t, sinks.Options{Syslog: "udp://" + c.LocalAddr().String()})
	for _, r := range accounts(findings) {
		s.Send(r)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if st := s.Stats()[0]; st.Sent != findings || st.Waiting != 0 {
		t.Errorf("%+v", st)
	}
}

func TestTLS(t *testing.T) {
	l := tls.NewListener(listen(t, "127.0.0.1:0"), serverTLS(t))
	s := open(t, sinks.Options{Syslog: "tls://" + l.Addr().String()})
	for _, r := range accounts(5) {
		s.Send(r)
	}
	expect(t, bufio.NewReader(accept(t, l)), 0, 5)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A receiver that cannot show who it is, or only with old TLS, gets nothing.
func TestTLSRefused(t *testing.T) {
	other := t.TempDir()
	makeCertificates(other)
	pair, err := tls.LoadX509KeyPair(filepath.Join(other, "cert.pem"), filepath.Join(other, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	old := serverTLS(t)
	old.MaxVersion = tls.VersionTLS11
	for _, tt := range []struct {
		name, host string
		config     *tls.Config
		want       string
	}{
		{"unknown-authority", "127.0.0.1", &tls.Config{Certificates: []tls.Certificate{pair}}, "signed by unknown authority"},
		{"wrong-name", "localhost", serverTLS(t), "match localhost"},
		{"old-version", "127.0.0.1", old, "protocol version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := tls.NewListener(listen(t, "127.0.0.1:0"), tt.config)
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					if b, _ := io.ReadAll(c); len(b) > 0 {
						t.Errorf("it got %q", b)
					}
					c.Close()
				}
			}()
			_, port, _ := net.SplitHostPort(l.Addr().String())
			s := open(t, sinks.Options{Syslog: "tls://" + tt.host + ":" + port})
			s.Send(result("joe"))
			await(t, "it fails", func() bool { return s.Stats()[0].Failing })
			if err := s.Close(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestParseReceiver(t *testing.T) {
	for _, good := range []string{"udp://127.0.0.1:514", "tcp://siem.example.com:601", "tls://[2001:db8::1]:6514"} {
		if r, err := sinks.ParseReceiver(good); err != nil || r.String() != good {
			t.Errorf("%s: %v, %v", good, r, err)
		}
	}
	const form = "takes udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT, and nothing else"
	for bad, want := range map[string]string{
		"": form, "siem:514": form, "tcp://siem": form, "tcp://:514": form, "tcp://siem:514/path": form, "tcp://siem:514?x=y": form,
		"tcp://siem:514#x": form, "tcp://joe:secret@siem:1": form, "tcp://si\x1bem:514": form, "http://siem:514": "http: say udp, tcp or tls",
		"udp://siem:65536": "port 65536: say 1 to 65535", "tcp://siem:0": "port 0: say 1 to 65535",
	} {
		if _, err := sinks.ParseReceiver(bad); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

// What the host forbids is told with who may forbid it, anything else as it is.
func TestForbiddenByHost(t *testing.T) {
	forbidden := &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", syscall.EPERM)}
	const want = "write udp: write: operation not permitted by this host: see its firewall, and IPAddressAllow= of the service's unit"
	if got := sinks.SayWho(forbidden).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	refused := &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", syscall.ECONNREFUSED)}
	if got := sinks.SayWho(refused); got != error(refused) {
		t.Errorf("got %v, want %v", got, refused)
	}
	if err := sinks.SayWho(nil); err != nil {
		t.Error(err)
	}
}

// A receiver of datagrams that was away is told of with the doubt that is left:
// one datagram has to fail before it is noticed.
func TestDatagramsAreUnsure(t *testing.T) {
	address := "127.0.0.1:" + freePort(t, "udp")
	said := make(chan string, 10)
	s := open(t, sinks.Options{Syslog: "udp://" + address, Say: func(format string, args ...any) { said <- fmt.Sprintf(format, args...) }})
	for _, r := range accounts(20) {
		s.Send(r)
	}
	for _, want := range []string{"connection refused; findings wait, at most 8192, until it works again", "0 were given up, and more may be lost: udp does not tell"} {
		if got := <-said; !strings.HasSuffix(got, want) {
			t.Errorf("said %q, want the end %q", got, want)
		}
	}
	s.Close() // what is left is given up
}
