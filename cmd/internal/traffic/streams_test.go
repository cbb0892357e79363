package traffic_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

// chunk is the payload of a segment, or of several that join.
type chunk struct {
	at   int32 // from the direction's first packet
	data []byte
}

// direction is what one side of a connection sent, as it was captured.
type direction struct {
	seen     bool
	base     uint32 // sequence number of the first packet
	chunks   []chunk
	syn, fin bool
	end      int32 // where the FIN stands
}

// connection is both directions, the client's first.
type connection [2]direction

// mailPorts are the ports on which truth is expected.
var mailPorts = []layers.TCPPort{25, 587, 143, 110}

// readConnections collects the mail connections by "client server", as they are
// in the truth.
func readConnections(t *testing.T, file []byte) map[string]*connection {
	t.Helper()
	found := map[string]*connection{}
	readPackets(t, file, func(_ gopacket.CaptureInfo, p gopacket.Packet) {
		tcp, ok := p.TransportLayer().(*layers.TCP)
		if !ok {
			return
		}
		from, to := endpoints(p.NetworkLayer())
		ends := [2]netip.AddrPort{netip.AddrPortFrom(from, uint16(tcp.SrcPort)), netip.AddrPortFrom(to, uint16(tcp.DstPort))}
		side := 0
		if slices.Contains(mailPorts, tcp.SrcPort) {
			side = 1
		} else if !slices.Contains(mailPorts, tcp.DstPort) {
			return
		}
		key := fmt.Sprint(ends[side], " ", ends[1-side])
		if found[key] == nil {
			found[key] = new(connection)
		}
		found[key][side].add(tcp)
	})
	return found
}

func (d *direction) add(tcp *layers.TCP) {
	seq := tcp.Seq
	if tcp.SYN {
		d.syn = true
		seq++
	}
	if !d.seen {
		d.seen, d.base = true, seq
	}
	at := int32(seq - d.base)
	if tcp.FIN {
		d.fin, d.end = true, at
	}
	if len(tcp.Payload) > 0 {
		d.chunks = append(d.chunks, chunk{at, tcp.Payload})
	}
}

// runs joins what joins. Bytes captured more than once must agree.
func (d *direction) runs(t *testing.T) []chunk {
	t.Helper()
	slices.SortStableFunc(d.chunks, func(a, b chunk) int { return cmp.Compare(a.at, b.at) })
	var runs []chunk
	for _, c := range d.chunks {
		if len(runs) == 0 || runs[len(runs)-1].at+int32(len(runs[len(runs)-1].data)) < c.at {
			runs = append(runs, chunk{c.at, slices.Clone(c.data)})
			continue
		}
		r := &runs[len(runs)-1]
		known := r.data[c.at-r.at:]
		n := min(len(known), len(c.data))
		if !bytes.Equal(known[:n], c.data[:n]) {
			t.Fatalf("at %d: bytes sent again differ", c.at)
		}
		r.data = append(r.data, c.data[n:]...)
	}
	return runs
}

func TestConnectionsAreWhole(t *testing.T) {
	for _, kind := range []string{traffic.Mail, traffic.Logins, traffic.Span} {
		t.Run(kind, func(t *testing.T) {
			m := makeCapture(t, traffic.Options{Kind: kind, Bytes: 6_000_000})
			connections := readConnections(t, m.file)
			if len(connections) != m.summary.Sessions {
				t.Errorf("%d connections, summary says %d", len(connections), m.summary.Sessions)
			}
			for key, c := range connections {
				for side := range c {
					d := &c[side]
					runs := d.runs(t)
					if len(runs) != 1 || !d.syn || !d.fin || runs[0].at != 0 || int(d.end) != len(runs[0].data) {
						t.Fatalf("%s, side %d: %d runs, SYN %v, FIN %v at %d", key, side, len(runs), d.syn, d.fin, d.end)
					}
				}
			}
		})
	}
}

// A receiver acknowledges every second segment, and what it answers.
func TestAcknowledgements(t *testing.T) {
	m := makeCapture(t, traffic.Options{Kind: traffic.Mail, Sessions: 1})
	var next [2]uint32
	var unacked [2]int
	readPackets(t, m.file, func(_ gopacket.CaptureInfo, p gopacket.Packet) {
		tcp := p.TransportLayer().(*layers.TCP)
		from := 0
		if slices.Contains(mailPorts, tcp.SrcPort) {
			from = 1
		}
		if !tcp.SYN && tcp.Seq != next[from] || tcp.ACK && tcp.Ack != next[1-from] {
			t.Fatalf("sequence %d, acknowledged %d, want %d, %d", tcp.Seq, tcp.Ack, next[from], next[1-from])
		}
		next[from] = tcp.Seq + uint32(len(tcp.Payload))
		if tcp.SYN || tcp.FIN {
			next[from]++
		}
		unacked[1-from] = 0
		if len(tcp.Payload) > 0 {
			unacked[from]++
		}
		if unacked[from] > 2 {
			t.Fatalf("%d segments without an acknowledgement", unacked[from])
		}
	})
}

// content is the messages in what a client sends: SMTP only.
var content = regexp.MustCompile(`(?s)\r\nDATA\r\n.*?\r\n\.\r\n`)

// command begins a log-in.
var command = regexp.MustCompile(`(?m)^(AUTH [A-Z]+|USER |a\d LOGIN )`)

func TestTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for _, kind := range []string{traffic.Mail, traffic.Logins, traffic.Span} {
		t.Run(kind, func(t *testing.T) {
			m := makeCapture(t, traffic.Options{Kind: kind, Sessions: 60})
			connections := readConnections(t, m.file)
			attempts := map[string]int{}
			for _, c := range m.truth {
				key := c.Client + " " + c.Server
				attempts[key]++
				checkCredential(t, c, connections[key])
			}
			decoys := 0
			for key, c := range connections {
				sent := c[0].runs(t)[0].data
				decoys += bytes.Count(sent, []byte("\r\nUSER "+traffic.DecoyAccount))
				if n := len(command.FindAll(content.ReplaceAll(sent, nil), -1)); n != attempts[key] {
					t.Errorf("%s: %d log-ins, the truth has %d", key, n, attempts[key])
				}
			}
			if (kind == traffic.Logins) != (decoys == 0) {
				t.Errorf("%d decoys in messages", decoys)
			}
		})
	}
}

func checkCredential(t *testing.T, c traffic.Credential, conn *connection) {
	t.Helper()
	if conn == nil {
		t.Fatalf("%+v: no such connection", c)
	}
	if !c.Complete || c.Account == "" || c.Secret == "" || strings.HasPrefix(c.Account, traffic.DecoyAccount) {
		t.Errorf("%+v", c)
	}
	if !says(conn[0].runs(t), sentForms(c)) {
		t.Errorf("%+v: not sent", c)
	}
	if answer := answers[c.Protocol][c.Accepted]; !says(conn[1].runs(t), []string{answer}) {
		t.Errorf("%+v: no answer %q", c, answer)
	}
}

var answers = map[string]map[bool]string{
	"smtp": {true: "235 2.7.0", false: "535 5.7.8"},
	"imap": {true: " OK Logged in\r\n", false: " NO ["},
	"pop3": {true: "+OK Logged in\r\n", false: "-ERR ["},
}

func says(runs []chunk, forms []string) bool {
	return slices.ContainsFunc(runs, func(r chunk) bool {
		return slices.ContainsFunc(forms, func(f string) bool { return bytes.Contains(r.data, []byte(f)) })
	})
}

// sentForms lists what a client may have sent to log in.
func sentForms(c traffic.Credential) []string {
	user, secret := b64(c.Account)+"\r\n", b64(c.Secret)+"\r\n"
	n, m := strconv.Itoa(len(c.Account)), strconv.Itoa(len(c.Secret))
	switch c.Mechanism {
	case "PLAIN":
		plain := b64("\x00" + c.Account + "\x00" + c.Secret)
		return []string{"AUTH PLAIN " + plain + "\r\n", "AUTH PLAIN\r\n" + plain + "\r\n"}
	case "LOGIN":
		return []string{"AUTH LOGIN " + user + secret, "AUTH LOGIN\r\n" + user + secret}
	case "USER":
		return []string{"USER " + c.Account + "\r\nPASS " + c.Secret + "\r\n"}
	}
	quoted := strings.ReplaceAll(strings.ReplaceAll(c.Secret, `\`, `\\`), `"`, `\"`)
	return []string{
		" LOGIN " + c.Account + " " + c.Secret + "\r\n",
		` LOGIN "` + c.Account + `" "` + quoted + "\"\r\n",
		" LOGIN {" + n + "}\r\n" + c.Account + " {" + m + "}\r\n" + c.Secret + "\r\n",
		" LOGIN {" + n + "+}\r\n" + c.Account + " {" + m + "+}\r\n" + c.Secret + "\r\n",
	}
}

// Whatever the seed, packets are right and the truth is in them.
func FuzzWrite(f *testing.F) {
	for i := range kinds {
		f.Add(uint8(i), uint64(i), uint8(1))
		f.Add(uint8(i), uint64(1<<63), uint8(9))
	}
	f.Fuzz(func(t *testing.T, kind uint8, seed uint64, sessions uint8) {
		m := makeCapture(t, traffic.Options{Kind: kinds[int(kind)%len(kinds)], Seed: seed, Sessions: 1 + int(sessions%16)})
		readPackets(t, m.file, func(_ gopacket.CaptureInfo, p gopacket.Packet) {
			if err := checkPacket(p); err != nil {
				t.Fatal(err)
			}
		})
		connections := readConnections(t, m.file)
		for _, c := range m.truth {
			if c.Complete {
				checkCredential(t, c, connections[c.Client+" "+c.Server])
			}
		}
	})
}

// Every kind of log-in is to be met in few sessions.
func TestVariety(t *testing.T) {
	m := makeCapture(t, traffic.Options{Kind: traffic.Logins, Sessions: 300})
	seen := map[string]int{}
	for _, c := range m.truth {
		seen[c.Protocol+" "+c.Mechanism]++
		seen[fmt.Sprint("accepted ", c.Accepted)]++
		seen[fmt.Sprint("IPv6 ", strings.HasPrefix(c.Client, "["))]++
	}
	for _, want := range []string{"smtp PLAIN", "smtp LOGIN", "imap LOGIN-CMD", "pop3 USER", "accepted true", "accepted false", "IPv6 true", "IPv6 false"} {
		if seen[want] == 0 {
			t.Errorf("no %s in %v", want, seen)
		}
	}
	if seen["imap LOGIN-CMD"] != 100 || seen["pop3 USER"] != 100 {
		t.Errorf("not in equal parts: %v", seen)
	}
}

var literal = regexp.MustCompile(`BODY\[\] \{(\d+)\}\r\n`)

func TestLiteralsHaveTheirSize(t *testing.T) {
	m := makeCapture(t, traffic.Options{Kind: traffic.Mail, Sessions: 30})
	messages := 0
	for key, c := range readConnections(t, m.file) {
		data := c[1].runs(t)[0].data
		for _, at := range literal.FindAllSubmatchIndex(data, -1) {
			messages++
			n, _ := strconv.Atoi(string(data[at[2]:at[3]]))
			if after := data[at[1]+n:]; !bytes.HasPrefix(after, []byte(")\r\nc")) {
				t.Errorf("%s: behind a literal of %d bytes: %q", key, n, after[:min(len(after), 20)])
			}
			if n < 4000 || n > 201_000 {
				t.Errorf("%s: message of %d bytes", key, n)
			}
		}
	}
	if messages < 10 {
		t.Errorf("%d messages", messages)
	}
}
