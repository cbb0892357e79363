package traffic_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/mailtap/mailtap/cmd/internal/traffic"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestCompleteIsCaptured(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	m := makeCapture(t, traffic.Options{Kind: traffic.Dirty, Seed: 3, Sessions: 400})
	connections := readConnections(t, m.file)
	incomplete := 0
	for _, c := range m.truth {
		conn := connections[c.Client+" "+c.Server]
		if conn == nil {
			t.Fatalf("%+v: no such connection", c)
		}
		sent, answered := conn[0].runs(t), conn[1].runs(t)
		if c.Complete {
			checkCredential(t, c, conn)
			continue
		}
		incomplete++
		// Either words of the client are missing, or the server's, which may
		// be the last ones that were captured.
		if says(sent, sentForms(c)) && len(answered) == 1 && says(answered, []string{answers[c.Protocol][c.Accepted]}) {
			t.Errorf("%+v is called incomplete, but is there", c)
		}
	}
	if incomplete == 0 || incomplete > len(m.truth)/5 {
		t.Errorf("%d of %d incomplete", incomplete, len(m.truth))
	}
}

// What a bad capture does to a stream is there, about as often as it is meant to
// be.
func TestFaults(t *testing.T) {
	m := makeCapture(t, traffic.Options{Kind: traffic.Dirty, Sessions: 60})
	connections := readConnections(t, m.file)
	var gaps int
	for _, c := range connections {
		for side := range c {
			gaps += len(c[side].runs(t)) - 1
		}
	}
	type key struct{ network, transport gopacket.Flow }
	type end struct{ next, last uint32 }
	ends := map[key]end{}
	var segments, behind, doubled, overlapping int
	readPackets(t, m.file, func(_ gopacket.CaptureInfo, p gopacket.Packet) {
		tcp := p.TransportLayer().(*layers.TCP)
		if len(tcp.Payload) == 0 {
			return
		}
		segments++
		k := key{p.NetworkLayer().NetworkFlow(), tcp.TransportFlow()}
		to := tcp.Seq + uint32(len(tcp.Payload))
		e, ok := ends[k]
		switch {
		case !ok:
		case tcp.Seq == e.last:
			doubled++
		case int32(tcp.Seq-e.next) < 0 && int32(tcp.Seq-e.last) > 0, int32(tcp.Seq-e.last) < 0 && int32(to-e.last) > 0:
			overlapping++
		case int32(tcp.Seq-e.next) < 0:
			behind++
		}
		if !ok || int32(to-e.next) > 0 {
			ends[k] = end{to, tcp.Seq}
		}
	})
	got := []int{gaps * 1000 / segments, behind * 1000 / segments, doubled * 1000 / segments, overlapping * 1000 / segments}
	if slices.Min(got) < 3 || slices.Max(got) > 60 {
		t.Errorf("of 1000 segments: gaps, behind, doubled, overlapping %v", got)
	}
}

// Connections that follow each other do not mix: what is late still comes before
// its connection is over.
func TestLateIsNotLost(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for seed := range uint64(30) {
		m := makeCapture(t, traffic.Options{Kind: traffic.Dirty, Seed: seed, Sessions: 3}) // too few to overlap
		var over []uint64
		readPackets(t, m.file, func(_ gopacket.CaptureInfo, p gopacket.Packet) {
			id := p.TransportLayer().TransportFlow().FastHash() ^ p.NetworkLayer().NetworkFlow().FastHash() // of both directions
			switch i := slices.Index(over, id); {
			case i < 0:
				over = append(over, id)
			case i < len(over)-1:
				t.Errorf("seed %d: a packet of connection %d within connection %d", seed, i+1, len(over))
			}
		})
		if len(over) != 3 {
			t.Errorf("seed %d: %d connections", seed, len(over))
		}
	}
}
