package evidence_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/internal/traffic"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
)

const (
	ethernetLen = 14
	ipv4Len     = 20
)

// rewrite makes a capture of another one, frame by frame.
func rewrite(t *testing.T, original []byte, change func(frame []byte) [][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	each(t, original, func(p *capture.Packet) {
		for _, frame := range change(bytes.Clone(p.Data)) {
			q := *p
			q.Data, q.Length = frame, len(frame)
			if err := w.Packet(&q); err != nil {
				t.Fatal(err)
			}
			p.Time += 1000
		}
	})
	return out.Bytes()
}

func checksum(b []byte) uint16 {
	var s uint32
	for i := range b {
		s += uint32(b[i]) << (8 * (1 - i%2))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// ipv4 finishes the header of an IPv4 packet.
func ipv4(b []byte) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], checksum(b[:ipv4Len]))
	return b
}

// tcp fills in the checksum of the segment in an IPv4 packet without options.
func tcp(ip []byte) []byte {
	segment := ip[ipv4Len:]
	segment[16], segment[17] = 0, 0
	pseudo := bytes.Clone(ip[12:20])
	pseudo = append(pseudo, 0, 6, byte(len(segment)>>8), byte(len(segment)))
	if len(segment)%2 == 1 {
		binary.BigEndian.PutUint16(segment[16:], checksum(append(append(pseudo, segment...), 0)))
	} else {
		binary.BigEndian.PutUint16(segment[16:], checksum(append(pseudo, segment...)))
	}
	return ip
}

// pieces sends the payload of a frame again in segments of n bytes, the first
// and the last ones twice.
func pieces(n int) func([]byte) [][]byte {
	return func(frame []byte) (out [][]byte) {
		ip := frame[ethernetLen:]
		ip = ip[:binary.BigEndian.Uint16(ip[2:])]
		head := ipv4Len + int(ip[ipv4Len+12]>>4)*4
		payload, seq := ip[head:], binary.BigEndian.Uint32(ip[ipv4Len+4:])
		if len(payload) == 0 {
			return [][]byte{frame}
		}
		for at := 0; at < len(payload); at += n {
			one := append(bytes.Clone(ip[:head]), payload[at:min(at+n, len(payload))]...)
			binary.BigEndian.PutUint32(one[ipv4Len+4:], seq+uint32(at))
			out = append(out, append(bytes.Clone(frame[:ethernetLen]), tcp(ipv4(one))...))
		}
		return append(out, out[0], out[len(out)-1])
	}
}

// fragmented sends the IPv4 packets of frames in fragments of n bytes, the last
// one first.
func fragmented(n int) func([]byte) [][]byte {
	id := uint16(0)
	return func(frame []byte) (out [][]byte) {
		ip := frame[ethernetLen:]
		ip = ip[:binary.BigEndian.Uint16(ip[2:])]
		body := ip[ipv4Len:]
		id++
		for at := 0; at < len(body); at += n {
			one := append(bytes.Clone(ip[:ipv4Len]), body[at:min(at+n, len(body))]...)
			offset := uint16(at / 8)
			if at+n < len(body) {
				offset |= 0x2000
			}
			binary.BigEndian.PutUint16(one[4:], id)
			binary.BigEndian.PutUint16(one[6:], offset)
			out = append([][]byte{append(bytes.Clone(frame[:ethernetLen]), ipv4(one)...)}, out...)
		}
		return out
	}
}

// tunnelled sends frames in VXLAN, with a checksum of UDP around them.
func tunnelled(frame []byte) [][]byte {
	udp := append([]byte{0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0}, frame...)
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	ip := append([]byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}, udp...)
	pseudo := append(bytes.Clone(ip[12:20]), 0, 17, byte(len(udp)>>8), byte(len(udp)))
	binary.BigEndian.PutUint16(ip[ipv4Len+6:], checksum(append(pseudo, udp...)))
	outer := append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, ipv4(ip)...)
	return [][]byte{outer}
}

// tagged sends frames with two VLAN tags.
func tagged(frame []byte) [][]byte {
	return [][]byte{append(append(bytes.Clone(frame[:12]), 0x88, 0xa8, 0, 100, 0x81, 0, 0, 12), frame[12:]...)}
}

// then carries out one change after another.
func then(a, b func([]byte) [][]byte) func([]byte) [][]byte {
	return func(frame []byte) (out [][]byte) {
		for _, f := range a(frame) {
			out = append(out, b(f)...)
		}
		return out
	}
}

// wires are ways in which packets come.
var wires = map[string]func([]byte) [][]byte{
	"single bytes":            pieces(1),
	"three bytes":             pieces(3),
	"fragments":               fragmented(24),
	"vlan":                    tagged,
	"vxlan":                   tunnelled,
	"tagged fragments":        then(fragmented(16), tagged),
	"fragments in vxlan":      then(fragmented(32), tunnelled),
	"vxlan in fragments":      then(tunnelled, fragmented(64)),
	"single bytes in vxlan":   then(pieces(1), tunnelled),
	"bytes, vxlan, fragments": then(pieces(5), then(tunnelled, fragmented(48))),
}

// However packets come, secrets are overwritten, the same is found, and the
// checksums hold.
func TestExportOfAnyWire(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	logins := []string{"imap-login", "pop3-userpass", "smtp-auth-plain", "smtp-auth-login", "cram-md5", "ntlm", "oauth", "apop", "scram"}
	for name, change := range wires {
		t.Run(name, func(t *testing.T) {
			for _, sample := range logins {
				b := rewrite(t, readFile(t, filepath.Join(samples, sample+".pcap")), change)
				file := filepath.Join(t.TempDir(), sample+".pcapng")
				if err := os.WriteFile(file, b, 0o600); err != nil {
					t.Fatal(err)
				}
				_, n := hold(t, file, b)
				if n == 0 {
					t.Errorf("%s: no secret in it", sample)
				}
			}
		})
	}
}

// complaints returns what Wireshark finds wrong with a capture.
func complaints(t *testing.T, b []byte) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.pcapng")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tshark", "-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-Y", "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || udp.checksum.status == 0", "-T", "fields", "-e", "frame.number")
	var diag strings.Builder
	cmd.Stderr = &diag
	out, err := cmd.Output()
	if err != nil || strings.Contains(diag.String(), "damaged") || strings.Contains(diag.String(), "cut short") {
		t.Errorf("tshark: %v\n%s", err, diag.String())
	}
	return bytes.Count(out, []byte("\n"))
}

// Wireshark finds nothing wrong with what is exported that is not wrong with
// the original.
func TestExportSatisfiesWireshark(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark to ask")
	}
	for name, change := range wires {
		t.Run(name, func(t *testing.T) {
			b := rewrite(t, readFile(t, filepath.Join(samples, "smtp-auth-login.pcap")), change)
			file := filepath.Join(t.TempDir(), "wire.pcapng")
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := export(t, analyse(t, file, b), evidence.Options{})
			if before, after := complaints(t, b), complaints(t, out); after > before {
				t.Errorf("%d packets are wrong, %d were", after, before)
			}
		})
	}
}

// The same holds for generated traffic with losses, repetitions, disorder and
// sessions joined late.
func TestExportOfDirtyTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for _, o := range []traffic.Options{
		{Kind: traffic.Logins, Seed: 3, Sessions: 300},
		{Kind: traffic.Mail, Seed: 3, Bytes: 3e6},
		{Kind: traffic.Dirty, Seed: 3, Bytes: 3e6},
		{Kind: traffic.Dirty, Seed: 4, Bytes: 3e6},
	} {
		t.Run(string(o.Kind), func(t *testing.T) {
			var buf bytes.Buffer
			if _, err := traffic.Write(&buf, o, func(traffic.Credential) {}); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "traffic.pcap")
			if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, n := hold(t, file, buf.Bytes()); n < 20 {
				t.Errorf("only %d forms of secrets", n)
			}
		})
	}
}

// A second version of a command, which nobody has read, may hold a password.
func TestExportOfConflicts(t *testing.T) {
	for _, second := range []string{"PASS hunter9\r\n", "QUIT\r\nPASS hunter9\r\n", "NOOP\r\nhunter9\r\n"} {
		b := rewrite(t, readFile(t, filepath.Join(samples, "pop3-userpass.pcap")), func(frame []byte) [][]byte {
			ip := frame[ethernetLen:]
			head := ipv4Len + int(ip[ipv4Len+12]>>4)*4
			if !bytes.HasPrefix(ip[head:], []byte("USER ")) && !bytes.HasPrefix(ip[head:], []byte("STAT")) {
				return [][]byte{frame}
			}
			other := append(bytes.Clone(ip[:head]), second...)
			return [][]byte{frame, append(bytes.Clone(frame[:ethernetLen]), tcp(ipv4(other))...)}
		})
		file := filepath.Join(t.TempDir(), "wire.pcapng")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := export(t, analyse(t, file, b), evidence.Options{})
		if !bytes.Contains(b, []byte("hunter9")) || bytes.Contains(out, []byte("hunter9")) {
			t.Errorf("%q: not in the original, or in what is exported", second)
		}
	}
}
