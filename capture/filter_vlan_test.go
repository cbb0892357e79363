package capture_test

import (
	"encoding/binary"
	"testing"

	"github.com/mailtap/mailtap/capture"
)

// tcpFrame is an Ethernet frame with TCP to a port, below VLAN tags.
func tcpFrame(port uint16, tags ...uint16) []byte {
	b := make([]byte, 12)
	for _, tag := range tags {
		b = binary.BigEndian.AppendUint16(b, 0x8100)
		b = binary.BigEndian.AppendUint16(b, tag)
	}
	b = binary.BigEndian.AppendUint16(b, 0x0800)
	ip := make([]byte, 40)
	ip[0], ip[3], ip[9] = 0x45, 40, 6
	binary.BigEndian.PutUint16(ip[22:], port)
	ip[32] = 0x50
	return append(b, ip...)
}

func TestFilterSeesBehindTags(t *testing.T) {
	tests := []struct {
		expr  string
		frame []byte
		want  bool
	}{
		{"tcp port 25", tcpFrame(25), true},
		{"tcp port 25", tcpFrame(25, 12), true},
		{"tcp port 25", tcpFrame(25, 12, 34), true},
		{"tcp port 25", tcpFrame(26, 12), false},
		{"not port 25", tcpFrame(25, 12), false},
		{"vlan 12 and tcp port 25", tcpFrame(25, 12), true},
		{"vlan 13 and tcp port 25", tcpFrame(25, 12), false},
		{"tcp port 25", tcpFrame(25, 12)[:17], false},
	}
	for _, tt := range tests {
		f, err := capture.CompileFilter(capture.LinkEthernet, 0, tt.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(tt.frame, len(tt.frame)); got != tt.want {
			t.Errorf("%s: %v, want %v for % x", tt.expr, got, tt.want, tt.frame)
		}
	}
}
