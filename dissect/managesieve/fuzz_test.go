package managesieve_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/managesieve"
)

// FuzzFeed: any cut gives the same events.
func FuzzFeed(f *testing.F) {
	for _, seed := range dialogue.Seeds(f, "testdata") {
		f.Add(seed, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, cut uint8) {
		turns, err := dialogue.ParseTurns(text)
		if err != nil {
			return
		}
		whole := dialogue.Run(machine(false), turns, dialogue.Whole)
		pieces := dialogue.Run(machine(false), turns, 1+int(cut))
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
	})
}

// FuzzHurt: with bytes lost anywhere and in any order of the sides, no panic,
// each offset is used once, and the end closes what was begun.
func FuzzHurt(f *testing.F) {
	for _, seed := range dialogue.Seeds(f, "testdata") {
		f.Add(seed, []byte{1, 20, 3, 200, 7}, true)
		f.Add(seed, []byte{0, 100, 0, 50}, false)
	}
	f.Fuzz(func(t *testing.T, text string, plan []byte, late bool) {
		turns, err := dialogue.ParseTurns(text)
		if err != nil {
			return
		}
		hurt(t, managesieve.New([2]uint64{}, late), turns, plan)
	})
}

// hurt feeds the turns. Each byte of plan belongs to a turn: its lowest bit
// says whether Proceed is called, the rest how many bytes are lost at the
// turn's beginning.
func hurt(t *testing.T, s *managesieve.Session, turns []dialogue.Turn, plan []byte) {
	var offset [2]uint64
	open := map[any]bool{}
	check := func(events []dissect.Event) {
		for _, e := range events {
			if e.Start > e.End || e.End > offset[e.Side] {
				t.Fatalf("%s: [%d, %d) of %d bytes", e.Kind, e.Start, e.End, offset[e.Side])
			}
			if e.Hide.From < 0 || e.Hide.From > e.Hide.To || e.Hide.To > len(e.Line) {
				t.Fatalf("%s hides [%d, %d) of %d bytes", e.Kind, e.Hide.From, e.Hide.To, len(e.Line))
			}
			switch e.Kind {
			case dissect.AuthBegin:
				open[e.Attempt] = true
			case dissect.MessageBegin:
				open[e.Message] = true
			case dissect.AuthEnd:
				delete(open, e.Attempt)
			case dissect.MessageEnd:
				delete(open, e.Message)
			}
		}
	}
	for i, turn := range turns {
		b := turn.Data
		if i < len(plan) {
			if plan[i]&1 != 0 {
				s.Proceed()
			}
			lost := min(int(plan[i]>>1), len(b))
			offset[turn.Side] += uint64(lost)
			check(s.Gap(nil, turn.Side, uint64(lost)))
			b = b[lost:]
		}
		for tries := 0; len(b) > 0 && tries < 4; tries++ {
			events, n := s.Feed(nil, turn.Side, b)
			offset[turn.Side] += uint64(n)
			check(events)
			b = b[n:]
			if len(b) > 0 {
				s.Proceed()
			}
		}
	}
	check(s.End(nil))
	if len(open) > 0 {
		t.Fatalf("%d attempts or messages never ended", len(open))
	}
}
