package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportSyslog: a receiver on TCP gets messages that each say their length
// first (RFC 6587, section 3.4.1).
func TestExportSyslog(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	received := make(chan []string)
	go func() {
		var messages []string
		defer func() { received <- messages }()
		c, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(c)
		for {
			var n int
			if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
				return
			}
			message := make([]byte, n)
			if _, err := io.ReadFull(r, message); err != nil {
				return
			}
			messages = append(messages, string(message))
		}
	}()

	database := filepath.Join(t.TempDir(), "m.db")
	sample := filepath.Join("..", "..", "samples", "imap-login.pcap")
	env := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	if got := run([]string{"analyze", "--quiet", "--db", database, sample}, env); got != statusDone {
		t.Fatalf("analyze: status %d", got)
	}
	if got := run([]string{"export", "syslog", "--db", database, "--to", "tcp://" + l.Addr().String()}, env); got != statusDone {
		t.Fatalf("export: status %d", got)
	}
	messages := <-received
	if len(messages) == 0 || !strings.HasPrefix(messages[0], "<") {
		t.Fatalf("received %q", messages)
	}
	if !strings.Contains(strings.Join(messages, "\n"), "cleartext-password") {
		t.Errorf("no cleartext-password in %q", messages)
	}
}
