package evidence_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
)

// lossy sends a capture in small segments of which some are lost, some come
// twice and some too late.
func lossy(t *testing.T, original []byte, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var frames [][]byte
	each(t, original, func(p *capture.Packet) { frames = append(frames, pieces(3)(bytes.Clone(p.Data))...) })
	lost, twice, late := r.IntN(10), r.IntN(15), r.IntN(20) // percent
	var sent [][]byte
	for _, f := range frames {
		if r.IntN(100) < lost {
			continue
		}
		sent = append(sent, f)
		if r.IntN(100) < twice {
			sent = append(sent, f)
		}
		if n := len(sent); n > 3 && r.IntN(100) < late {
			j := n - 2 - r.IntN(2)
			sent[n-1], sent[j] = sent[j], sent[n-1]
		}
	}
	var out bytes.Buffer
	w, err := evidence.NewWriter(&out, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range sent {
		p := capture.Packet{Data: f, Length: len(f), Time: 1e18 + int64(i)*1e5, Link: capture.LinkEthernet}
		if err := w.Packet(&p); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// Where so much is missing that nothing of a direction is read as it came,
// passwords are overwritten all the same: many sessions here send the same one,
// and it shows in all of them, or in none.
func TestExportOfLossyTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	original := readFile(t, filepath.Join(samples, "password-spraying.pcap"))
	secrets := 0
	for seed := range uint64(150) {
		b := lossy(t, original, seed)
		file := filepath.Join(t.TempDir(), "lossy.pcapng")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		all := analyse(t, file, b)
		out, _ := export(t, all, evidence.Options{})
		text := read(t, out)
		for what, form := range forms(all) {
			secrets++
			if bytes.Contains(text, []byte(form)) {
				t.Errorf("seed %d: %s is readable", seed, what)
			}
		}
	}
	if secrets < 1000 {
		t.Errorf("only %d forms of secrets", secrets)
	}
}
