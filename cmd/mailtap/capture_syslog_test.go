//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// A receiver of findings that was away gets those of that time when it is back:
// a capture that has given up its rights can still look up the name of a host,
// and connect to it.
func sensorDialsAgain(t *testing.T) {
	l := listenFor(t, "127.0.0.1:0")
	args := []string{"--format", "jsonl", "--syslog", fmt.Sprintf("tcp://localhost:%d", l.Addr().(*net.TCPAddr).Port)}
	if os.Geteuid() == 0 {
		args = append(args, "--user", sensorUser)
	}
	live := startCapture(t, args...)
	c := accept(t, l)
	play(t, 110, pop3Login)
	receives(t, c, "cleartext-password")
	l.Close()
	c.Close()
	play(t, 110, pop3Login)
	live.wait(t, live.stderr, "findings wait, at most ", 1)
	c = accept(t, listenFor(t, l.Addr().String()))
	receives(t, c, "cleartext-password")
	live.stop(t, syscall.SIGTERM, statusDone)
}

func listenFor(t *testing.T, address string) net.Listener {
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
	l.(*net.TCPListener).SetDeadline(time.Now().Add(waitAtMost))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// receives reads until something has come.
func receives(t *testing.T, c net.Conn, what string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(waitAtMost))
	var all, b []byte
	for b = make([]byte, 4096); !bytes.Contains(all, []byte(what)); {
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("%v, after %q", err, all)
		}
		all = append(all, b[:n]...)
	}
}
