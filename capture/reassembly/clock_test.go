package reassembly_test

import (
	"testing"

	"github.com/mailtap/mailtap/capture/reassembly"
)

const (
	hour = int64(3600e9)
	year = 365 * 24 * hour
)

// One packet with a time far ahead ends nothing, two in a row do.
func TestLeap(t *testing.T) {
	h := &forget{}
	table := reassembly.New(reassembly.Limits{}, h)
	var sc script
	sc.now = 1e18
	play(t, table, &sc, handshake+"C @0 EHLO ack=0")
	stray := sc.segment(t, "C @4 MAIL ack=0")
	stray.Time += 10 * year
	table.Add(stray)
	play(t, table, &sc, "C @8 RCPT ack=0")
	if st := table.Stats(); h.closed != 0 || st.ClockLeaps != 1 {
		t.Fatalf("after one packet %d closed, %d leaps", h.closed, st.ClockLeaps)
	}
	sc.now += 2 * hour
	play(t, table, &sc, "C @12 DATA ack=0\nC @16 QUIT ack=0")
	if h.closed != 1 || h.bytes != 5*4 {
		t.Errorf("two hours later %d closed, %d bytes", h.closed, h.bytes)
	}
}

// A clock that is set back does not keep for ever what came before.
func TestSetBack(t *testing.T) {
	h := &forget{}
	table := reassembly.New(reassembly.Limits{}, h)
	var sc script
	sc.now = 1e18
	play(t, table, &sc, handshake+"C @0 EHLO ack=0")
	sc.now -= 10 * year
	for i := range 100 {
		one := script{clientPort: uint16(i + 1), now: sc.now}
		play(t, table, &one, handshake+"C @0 EHLO ack=0")
	}
	if open := table.Stats().Open; open != 101 {
		t.Fatalf("%d open", open)
	}
	for range 4 {
		sc.now += hour / 2
		table.Advance(sc.now)
	}
	if open := table.Stats().Open; open != 0 || h.closed != 101 {
		t.Errorf("two hours later %d open, %d closed", open, h.closed)
	}
}
