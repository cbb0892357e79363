package engine_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/capture/decode"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// TestDialogueMemory: many long conversations that stay open, with all that
// comes again on the way, grow to their pools' bounds and no further.
func TestDialogueMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const (
		sessions = 1000
		rounds   = 60
		most     = 3 * dissect.MaxDialogues // beside them, the machines and their queues
	)
	lines := strings.Repeat("NOOP and nothing else to say now\r\n", 40)
	answers := strings.Repeat("250 ok\r\n", 40)
	e := engine.New(func() []string { return []string{"test.pcap"} }, func(*dissect.Facts) {})
	wires := make([]*wire, sessions)
	var early, late uint64
	before := heap()
	for i := range wires {
		wires[i] = &wire{engine: e, port: 25, now: 1e18, client: uint16(i + 1)}
		wires[i].open()
		wires[i].talk("S: 220 mx.example ESMTP\nC: EHLO pc.example\nS: 250 ok\n")
	}
	for round := range rounds {
		for _, w := range wires {
			w.say(dissect.Client, lines)
			w.packet(dissect.Client, decode.ACK, w.said[0]-len(lines), lines[:1000]+"!")
			w.say(dissect.Server, answers)
		}
		switch round {
		case rounds / 3:
			early = heap() - before
		case rounds - 1:
			late = heap() - before
		}
	}
	t.Logf("%d bytes, then %d", early, late)
	if late > early+early/4 || late > most {
		t.Errorf("%d bytes, then %d, want at most %d", early, late, most)
	}
	e.Flush()
	if n := e.Doubted(); n != 0 {
		t.Errorf("%d bytes of doubts are left", n)
	}
	runtime.KeepAlive(wires)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
