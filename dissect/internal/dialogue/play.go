package dialogue

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

var update = flag.Bool("update", false, "rewrite the events of the dialogues")

// cuts are the piece sizes that every dialogue is played with.
var cuts = []int{1, 2, 3, 5}

// Golden plays each dialogue of dir whole, holds the events against those of
// the file, and then against those of the dialogue in pieces.
func Golden(t *testing.T, dir string, make func() Machine) {
	t.Helper()
	each(t, dir, func(t *testing.T, file string) {
		turns, want := Parse(t, file)
		whole := Run(make(), turns, Whole)
		got := strings.Join(whole, "\n") + "\n"
		if *update {
			writeEvents(t, file, got)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, cut := range cuts {
			if diff := cmp.Diff(whole, Run(make(), turns, cut)); diff != "" {
				t.Errorf("cut every %d bytes (-whole +cut):\n%s", cut, diff)
			}
		}
	})
}

// Hurt plays each dialogue of dir with a part missing: a line, half a line or
// all that one side says in a row lost; one side absent; joined late, at each
// line and within it. No machine may panic, and none may claim what it does
// not claim of the whole dialogue.
func Hurt(t *testing.T, dir string, make func(late bool) Machine) {
	t.Helper()
	each(t, dir, func(t *testing.T, file string) {
		turns, _ := Parse(t, file)
		inventNothing(t, turns, harms(turns), make)
	})
}

// HurtFrames plays the dialogues of dir with bytes lost at each place of the
// frames of a security layer: turns that begin with a length. It promises what
// Hurt does.
func HurtFrames(t *testing.T, dir string, make func(late bool) Machine) {
	t.Helper()
	each(t, dir, func(t *testing.T, file string) {
		turns, _ := Parse(t, file)
		var list []harm
		for i, turn := range turns {
			for from := range turn.Data {
				for _, n := range [...]int{1, 30} {
					if to := from + n; turn.Data[0] == 0 && to <= len(turn.Data) {
						name := fmt.Sprintf("turn %d, bytes %d to %d lost", i, from, to)
						list = append(list, harm{name: name, turns: turns, at: i, gap: dissect.Span{From: from, To: to}, until: i + 1})
					}
				}
			}
		}
		inventNothing(t, turns, list, make)
	})
}

func inventNothing(t *testing.T, turns []Turn, list []harm, make func(late bool) Machine) {
	t.Helper()
	whole := newPlayer(make(false))
	for _, turn := range merge(turns) {
		whole.say(turn.Side, turn.Data, Whole)
	}
	whole.end()
	for _, h := range list {
		p := newPlayer(make(h.late))
		h.play(p)
		p.end()
		for claim := range p.claims {
			if !whole.supports(claim) {
				t.Errorf("%s: invented: %s\n%s", h.name, claim, strings.Join(p.lines, "\n"))
			}
		}
	}
}

func each(t *testing.T, dir string, test func(t *testing.T, file string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues in %s: %v", dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { test(t, file) })
	}
}

// harm is a dialogue with a part missing.
type harm struct {
	name  string
	late  bool
	turns []Turn
	at    int // the turn with the gap
	gap   dissect.Span
	until int // the turn behind the last one that is lost with it
}

func harms(turns []Turn) []harm {
	var list []harm
	for i, turn := range turns {
		n := len(turn.Data)
		block := i + 1
		for block < len(turns) && turns[block].Side == turn.Side {
			block++
		}
		list = append(list,
			harm{name: fmt.Sprintf("turn %d lost", i), turns: turns, at: i, gap: dissect.Span{To: n}, until: i + 1},
			harm{name: fmt.Sprintf("turn %d, first half lost", i), turns: turns, at: i, gap: dissect.Span{To: n / 2}, until: i + 1},
			harm{name: fmt.Sprintf("turn %d, second half lost", i), turns: turns, at: i, gap: dissect.Span{From: n / 2, To: n}, until: i + 1},
			harm{name: fmt.Sprintf("turns %d to %d lost", i, block-1), turns: turns, at: i, gap: dissect.Span{To: n}, until: block},
			harm{name: fmt.Sprintf("joined at turn %d", i), late: true, turns: turns[i:], at: -1},
			harm{name: fmt.Sprintf("joined within turn %d", i), late: true, turns: joinWithin(turns[i:]), at: -1},
		)
	}
	for _, side := range []dissect.Side{dissect.Client, dissect.Server} {
		list = append(list, harm{name: side.String() + " only", turns: only(turns, side), at: -1})
	}
	return list
}

func joinWithin(turns []Turn) []Turn {
	first := turns[0]
	first.Data = first.Data[len(first.Data)/2:]
	return append([]Turn{first}, turns[1:]...)
}

func only(turns []Turn, side dissect.Side) []Turn {
	var kept []Turn
	for _, turn := range turns {
		if turn.Side == side {
			kept = append(kept, turn)
		}
	}
	return kept
}

func (h *harm) play(p *player) {
	if h.at < 0 {
		for _, turn := range merge(h.turns) {
			p.say(turn.Side, turn.Data, Whole)
		}
		return
	}
	for i, turn := range h.turns {
		switch {
		case i == h.at:
			p.say(turn.Side, turn.Data[:h.gap.From], Whole)
			lost := h.gap.To - h.gap.From
			for _, more := range h.turns[i+1 : h.until] {
				lost += len(more.Data)
			}
			if lost > 0 {
				p.lose(turn.Side, lost)
			}
			p.say(turn.Side, turn.Data[h.gap.To:], Whole)
		case i < h.at || i >= h.until:
			p.say(turn.Side, turn.Data, Whole)
		}
	}
}
