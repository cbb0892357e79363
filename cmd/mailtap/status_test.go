package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestProgressOfCapture(t *testing.T) {
	begun := time.Unix(1_700_000_000, 0)
	before := progress{at: begun, packets: 1000, bytes: 1_000_000}
	tests := []struct {
		now  progress
		want string
	}{
		{progress{at: begun.Add(time.Second), packets: 1000, bytes: 1_000_000},
			"0 packets/s, 0.0 Mbit/s, 0 % dropped, 0 connections, 0 findings, 0 MiB"},
		{progress{at: begun.Add(2 * time.Second), packets: 25_690, bytes: 26_000_000, dropped: 1, open: 1_234, findings: 17, memory: 48 << 20},
			"12,345 packets/s, 100.0 Mbit/s, < 0.01 % dropped, 1,234 connections, 17 findings, 48 MiB"},
		{progress{at: begun.Add(time.Second), packets: 9_000, bytes: 1_000_000, dropped: 1000, waiting: 3},
			"8,000 packets/s, 0.0 Mbit/s, 10.00 % dropped, 0 connections, 0 findings, 3 results wait for the database, 0 MiB"},
	}
	for _, tt := range tests {
		if got := tt.now.text(&before); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// Messages stand above the status line, and wait while the terminal UI has the
// screen.
func TestConsole(t *testing.T) {
	var out bytes.Buffer
	c := &console{out: &out}
	fmt.Fprint(c, "one\n")
	c.status("busy")
	fmt.Fprint(c, "two\n")
	c.status("")
	if want := "one\n" + eraseLine + "busy" + eraseLine + "two\nbusy" + eraseLine; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	c.keep()
	c.status("busy")
	for i := range maxHeldLines + 2 {
		fmt.Fprintf(c, "line %d\n", i)
	}
	if out.Len() > 0 {
		t.Errorf("beside the UI: %q", out.String())
	}
	c.release()
	if got := out.String(); !strings.HasPrefix(got, "mailtap: 2 earlier messages are not shown\nline 2\n") ||
		strings.Count(got, "\n") != maxHeldLines+1 {
		t.Errorf("after the UI: %.80q ... %d lines", got, strings.Count(got, "\n"))
	}
}
