package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A capture may claim that a packet had 4 GB, where its IP header does not say how
// long it is.
func TestWireLength(t *testing.T) {
	_, diag := mailtap(t, statusDone, "analyze", "--db", "none", filepath.Join("testdata", "wire-length-of-4-gb.pcap"))
	if !strings.Contains(diag, "5 packets") {
		t.Errorf("it says %q", diag)
	}
}
