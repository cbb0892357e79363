package evidence_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
)

// inOrder sends the IPv4 packets of frames in two fragments, with others
// between them.
func inOrder(between [][]byte) func([]byte) [][]byte {
	id := uint16(0)
	return func(frame []byte) [][]byte {
		const cut = 40 // bytes of the first fragment: of TCP with options, and a few of the payload
		ip := frame[ethernetLen:]
		ip = ip[:binary.BigEndian.Uint16(ip[2:])]
		body := ip[ipv4Len:]
		if len(body) <= cut {
			return [][]byte{frame}
		}
		id++
		piece := func(body []byte, field uint16) []byte {
			one := append(bytes.Clone(ip[:ipv4Len]), body...)
			binary.BigEndian.PutUint16(one[4:], id)
			binary.BigEndian.PutUint16(one[6:], field)
			return append(bytes.Clone(frame[:ethernetLen]), ipv4(one)...)
		}
		const more = 0x2000
		out := append([][]byte{piece(body[:cut], more)}, between...)
		return append(out, piece(body[cut:], cut/8))
	}
}

// strays are first fragments of datagrams of which nothing else comes, a few of
// so many datagrams that a decoder still remembers others.
func strays(n int) (all [][]byte) {
	const of = 8 // fragments of a datagram
	for i := range n {
		ip := []byte{0x45, 0, 0, 0, 0, 0, 0x20, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 1, 2, 3, 4, 5, 6, 7, 8}
		binary.BigEndian.PutUint16(ip[4:], uint16(i/of))
		binary.BigEndian.PutUint16(ip[6:], 0x2000|uint16(i%of))
		all = append(all, append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, ipv4(ip)...))
	}
	return all
}

// Where a datagram came in fragments of which some are forgotten, it cannot be
// told what is in the last one: it is left out, and that is told.
func TestExportOfForgottenFragments(t *testing.T) {
	const password = "a-password-that-is-long-enough"
	b := rewrite(t, readFile(t, filepath.Join(samples, "pop3-userpass.pcap")), func(frame []byte) [][]byte {
		ip := frame[ethernetLen:]
		head := ipv4Len + int(ip[ipv4Len+12]>>4)*4
		if len(ip) < head || !bytes.HasPrefix(ip[head:], []byte("PASS ")) {
			return [][]byte{frame}
		}
		other := append(bytes.Clone(ip[:head]), "PASS "+password+"\r\n"...)
		return inOrder(strays(1200))(append(bytes.Clone(frame[:ethernetLen]), tcp(ipv4(other))...))
	})
	file := filepath.Join(t.TempDir(), "wire.pcapng")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, report := export(t, analyse(t, file, b), evidence.Options{})
	if !bytes.Contains(b, []byte(password[8:])) || bytes.Contains(out, []byte(password[8:])) {
		t.Error("the password is not in the original, or in what is exported")
	}
	if text := strings.Join(report.Remarks, "\n"); !strings.Contains(text, "left out") {
		t.Errorf("nothing is told of it: %s", text)
	}
}

// A line that is longer than any secret is overwritten to its end, wherever
// that is.
func TestExportOfEndlessLine(t *testing.T) {
	for _, size := range []int{100_000, 3_000_000} {
		over := false
		b := rewrite(t, readFile(t, filepath.Join(samples, "pop3-userpass.pcap")), func(frame []byte) (out [][]byte) {
			ip := frame[ethernetLen:]
			head := ipv4Len + int(ip[ipv4Len+12]>>4)*4
			switch {
			case over:
				return nil
			case len(ip) < head || !bytes.HasPrefix(ip[head:], []byte("PASS ")):
				return [][]byte{frame}
			}
			over = true
			line := append([]byte("PASS "), bytes.Repeat([]byte("hunter9-"), size/8)...)
			line = append(line, "\r\n"...)
			seq := binary.BigEndian.Uint32(ip[ipv4Len+4:])
			for at := 0; at < len(line); at += 60_000 {
				one := append(bytes.Clone(ip[:head]), line[at:min(at+60_000, len(line))]...)
				binary.BigEndian.PutUint32(one[ipv4Len+4:], seq+uint32(at))
				out = append(out, append(bytes.Clone(frame[:ethernetLen]), tcp(ipv4(one))...))
			}
			return out
		})
		file := filepath.Join(t.TempDir(), "wire.pcapng")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, report := export(t, analyse(t, file, b), evidence.Options{})
		if len(out) < size || bytes.Contains(out, []byte("hunter9")) {
			t.Errorf("%d bytes: %d are written, %+v, or the password is readable", size, len(out), report)
		}
	}
}

// growing is a context that lets a file grow when it is asked for the nth time.
type growing struct {
	context.Context
	asked, at int
	grow      func()
}

func (g *growing) Err() error {
	if g.asked++; g.asked == g.at {
		g.grow()
	}
	return g.Context.Err()
}

// What a capture got, or what could be read of it, only after it was looked
// through for secrets is not written.
func TestExportOfGrowingCapture(t *testing.T) {
	whole := readFile(t, filepath.Join(samples, "pop3-userpass.pcap"))
	at := bytes.Index(whole, []byte("PASS "))
	password := bytes.Fields(whole[at:])[1]
	all := analyse(t, "x", whole)
	const packet = 16 + ethernetLen + ipv4Len + 32 // heads before the payload
	grown := 0
	for n := 1; n < 10; n++ {
		file := filepath.Join(t.TempDir(), "growing.pcap")
		if err := os.WriteFile(file, whole[:at-packet], 0o600); err != nil {
			t.Fatal(err)
		}
		ctx := &growing{Context: t.Context(), at: n, grow: func() {
			grown++
			if err := os.WriteFile(file, whole, 0o600); err != nil {
				t.Error(err)
			}
		}}
		var out bytes.Buffer
		if _, err := evidence.Export(ctx, &out, wanted(all), evidence.Options{Captures: []string{file}}); err == nil && n > 3 {
			t.Errorf("grown before batch %d: no error", n)
		}
		if bytes.Contains(out.Bytes(), password) {
			t.Errorf("grown before batch %d: the password is written", n)
		}
	}
	if grown < 6 {
		t.Errorf("it grew only %d times", grown)
	}
}
