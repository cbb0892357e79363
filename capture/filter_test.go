package capture_test

import (
	"strings"
	"testing"

	"github.com/mailtap/mailtap/capture"
)

// tcpTo25 is an IPv4 packet of TCP to port 25, its payload cut off.
const tcpTo25 = "\x45\x00\x00\x40\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02" +
	"\xc0\x00\x00\x19\x00\x00\x00\x01\x00\x00\x00\x01\x50\x18\x00\x00\x00\x00\x00\x00"

func TestFilter(t *testing.T) {
	const ethernet = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00"
	for _, test := range []struct {
		name string
		link capture.LinkType
		expr string
		data string
		want bool
	}{
		{"the port", capture.LinkEthernet, "tcp port 25", ethernet + tcpTo25, true},
		{"another port", capture.LinkEthernet, "tcp port 143", ethernet + tcpTo25, false},
		{"no filter", capture.LinkEthernet, "", ethernet + tcpTo25, true},
		{"length on the wire", capture.LinkEthernet, "greater 78", ethernet + tcpTo25, true},
		{"more than the wire", capture.LinkEthernet, "greater 79", ethernet + tcpTo25, false},
		{"raw IP as files number it", capture.LinkRaw, "tcp port 25", tcpTo25, true},
		{"raw IP as OpenBSD does", capture.LinkRawOpen, "tcp port 25", tcpTo25, true},
		{"raw IP as BSD does", capture.LinkRawBSD, "tcp port 25", tcpTo25, true},
		{"Linux SLL", capture.LinkLinuxSLL, "tcp port 25", strings.Repeat("\x00", 14) + "\x08\x00" + tcpTo25, true},
		{"too short", capture.LinkEthernet, "tcp port 25", ethernet, false},
		{"an empty packet", capture.LinkEthernet, "", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := capture.CompileFilter(test.link, 0, test.expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Match([]byte(test.data), len(test.data)+24); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestFilterErrors(t *testing.T) {
	for _, test := range []struct {
		name, expr, want string
		link             capture.LinkType
	}{
		{"Linux SLL2", "tcp", "no filter can be compiled for link type 276", capture.LinkSLL2},
		{"a mistake", "tcp prot 25", "syntax error", capture.LinkEthernet},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := capture.CompileFilter(test.link, 0, test.expr)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.expr) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func BenchmarkFilter(b *testing.B) {
	f, err := capture.CompileFilter(capture.LinkRaw, 0, "tcp port 25")
	if err != nil {
		b.Fatal(err)
	}
	data := []byte(tcpTo25)
	b.ReportAllocs()
	for b.Loop() {
		f.Match(data, len(data))
	}
}
