package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of the server.
const (
	readTimeout  = 5 * time.Second // for a request
	writeTimeout = 10 * time.Second
	idleTimeout  = time.Minute
	maxHeader    = 8 << 10                // bytes of a request's header; net/http adds 4 kB
	maxClients   = 32                     // connections at a time
	lastWait     = 200 * time.Millisecond // for answers that are on their way at the end
)

// Server answers scrapes. Listen makes one.
type Server struct {
	listener net.Listener
	http     http.Server
	clients  atomic.Int64
	done     chan struct{} // closed when it serves no more; nil before Serve
}

// CheckAddress tells what is wrong with an address to listen at.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	switch {
	case err != nil || port == "":
		return fmt.Errorf("--metrics %q: say ADDRESS:PORT, for example 127.0.0.1:9167", address)
	case host == "":
		return fmt.Errorf("--metrics %q: name the address, too: 127.0.0.1%s, or 0.0.0.0%s for all networks", address, address, address)
	}
	return nil
}

// Listen takes an address; nobody is answered before Serve. The two are apart
// so that an address that is not free is known before the capture begins, and
// so that the program may give up rights in between.
func Listen(address string) (*Server, error) {
	if err := CheckAddress(address); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("--metrics %s: address in use: another program listens there; name another port", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("--metrics %s: not an address of this machine: name one that 'ip address' lists", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("--metrics %s: no right to listen there: name a port from 1024 up", address)
	case err != nil:
		return nil, fmt.Errorf("--metrics %s: %w", address, err)
	}
	return &Server{listener: l}, nil
}

// Addr is where it listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Warning says who can read the numbers, where that is more than this machine;
// else it is "".
func (s *Server) Warning() string {
	at, err := netip.ParseAddrPort(s.Addr().String())
	if err == nil && at.Addr().Unmap().IsLoopback() {
		return ""
	}
	return fmt.Sprintf("the numbers at http://%s/metrics can be read by anyone who reaches that address", s.Addr())
}

// Serve begins to answer. The version is that of the program; snapshot is
// called by several goroutines, at each scrape.
func (s *Server) Serve(version string, snapshot func() Snapshot) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(newRegistry(version, snapshot), promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.Handle("GET /healthz", health(snapshot))
	s.http = http.Server{
		Handler: mux, ConnState: s.limit, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: log.New(io.Discard, "", 0), // the mistakes of clients are not the sensor's
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		s.http.Serve(s.listener) // ends with Close
	}()
}

// limit closes a connection that is one too many.
func (s *Server) limit(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.clients.Add(1) > maxClients {
			c.Close()
		}
	case http.StateClosed, http.StateHijacked:
		s.clients.Add(-1)
	}
}

// Close lets answers that are on their way be read, for a short time, and ends
// the rest.
func (s *Server) Close() error {
	if s.done == nil {
		return s.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWait)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.done
	return err
}
