package dialogue

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// FuzzCuts holds that any cut gives the same events, seen from the beginning or
// joined late. The dialogues of dirs are its seeds.
func FuzzCuts(f *testing.F, dirs []string, make func(late bool) Machine) {
	for _, dir := range dirs {
		for i, seed := range Seeds(f, dir) {
			f.Add(seed, uint8(i), i%2 == 1)
		}
	}
	f.Fuzz(func(t *testing.T, text string, cut uint8, late bool) {
		turns, err := ParseTurns(text)
		if err != nil {
			t.Skip()
		}
		run := func(cut int) []string { return Run(make(late), turns, cut) }
		if diff := cmp.Diff(run(Whole), run(1+int(cut))); diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
	})
}

// FuzzHurt loses bytes anywhere and lets the sides speak in any order: there is
// no panic, events lie within the bytes that there were, and the end closes what
// was begun. Each byte of the plan belongs to a turn: its lowest bit says whether
// Proceed is called, the rest how many bytes are lost at the turn's beginning.
func FuzzHurt(f *testing.F, dir string, make func(late bool) Machine) {
	for _, seed := range Seeds(f, dir) {
		f.Add(seed, []byte{1, 20, 3, 200, 7}, true)
		f.Add(seed, []byte{0, 100, 0, 50}, false)
	}
	f.Fuzz(func(t *testing.T, text string, plan []byte, late bool) {
		turns, err := ParseTurns(text)
		if err != nil {
			t.Skip()
		}
		h := hurt{t: t, m: make(late), open: map[any]bool{}}
		for i, turn := range turns {
			lost := 0
			if i < len(plan) {
				if plan[i]&1 != 0 {
					h.m.Proceed()
				}
				lost = min(int(plan[i]>>1), len(turn.Data))
				h.lose(turn.Side, lost)
			}
			h.feed(turn.Side, turn.Data[lost:])
		}
		h.check(h.m.End(nil))
		if len(h.open) > 0 {
			t.Fatalf("%d attempts or messages never ended", len(h.open))
		}
	})
}

// hurt is one machine that FuzzHurt feeds.
type hurt struct {
	t      *testing.T
	m      Machine
	offset [2]uint64
	open   map[any]bool // attempts and messages that have begun and not ended
}

func (h *hurt) lose(side dissect.Side, n int) {
	h.offset[side] += uint64(n)
	h.check(h.m.Gap(nil, side, uint64(n)))
}

// feed gives up what is not taken after a few tries.
func (h *hurt) feed(side dissect.Side, b []byte) {
	for tries := 0; len(b) > 0 && tries < 4; tries++ {
		events, n := h.m.Feed(nil, side, b)
		h.offset[side] += uint64(n)
		h.check(events)
		b = b[n:]
		if len(b) > 0 {
			h.m.Proceed()
		}
	}
}

func (h *hurt) check(events []dissect.Event) {
	for _, e := range events {
		if e.Start > e.End || e.End > h.offset[e.Side] {
			h.t.Fatalf("%s: [%d, %d) of %d bytes", e.Kind, e.Start, e.End, h.offset[e.Side])
		}
		if e.Hide.From < 0 || e.Hide.From > e.Hide.To || e.Hide.To > len(e.Line) {
			h.t.Fatalf("%s hides [%d, %d) of %d bytes", e.Kind, e.Hide.From, e.Hide.To, len(e.Line))
		}
		switch e.Kind {
		case dissect.AuthBegin:
			h.open[e.Attempt] = true
		case dissect.MessageBegin:
			h.open[e.Message] = true
		case dissect.AuthEnd:
			delete(h.open, e.Attempt)
		case dissect.MessageEnd:
			delete(h.open, e.Message)
		}
	}
}
