package dialogue_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/line"
)

func TestParseTurns(t *testing.T) {
	got, err := dialogue.ParseTurns("S: 220 hi\nC: AUTH PLAIN {b64:\\x00joe\\x00pw} x\n\nC- a\\nb\\\\\nS:\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []dialogue.Turn{
		{Side: dissect.Server, Data: []byte("220 hi\r\n")},
		{Side: dissect.Client, Data: []byte("AUTH PLAIN AGpvZQBwdw== x\r\n")},
		{Side: dissect.Client, Data: []byte("a\nb\\")},
		{Side: dissect.Server, Data: []byte("\r\n")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"X: y", "C", "C; y", `C: \q`, "C: {b64:joe", `C: {b64:\x}`} {
		if _, err := dialogue.ParseTurns(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// asker is a machine that waits for an answer to each line of the client.
type asker struct {
	in   [2]line.Splitter
	need dissect.Need
}

func (a *asker) Need() dissect.Need { return a.need }
func (a *asker) Proceed()           { a.need = dissect.NeedNothing }

func (a *asker) Feed(dst []dissect.Event, side dissect.Side, b []byte) ([]dissect.Event, int) {
	taken := 0
	for taken < len(b) && (side == dissect.Server || a.need == dissect.NeedNothing) {
		text, n, whole := a.in[side].Next(b[taken:])
		taken += n
		if !whole {
			break
		}
		dst = append(dst, dissect.Event{
			Kind: dissect.Hello, Side: side, Start: a.in[side].Start, End: a.in[side].Offset,
			Line: text, Hide: dissect.Span{To: min(1, len(text))},
		})
		a.need = dissect.NeedNothing
		if side == dissect.Client {
			a.need = dissect.NeedAnswer
		}
	}
	return dst, taken
}

func (a *asker) Gap(dst []dissect.Event, side dissect.Side, n uint64) []dissect.Event {
	start := a.in[side].Offset
	a.in[side].Lose(n)
	return append(dst, dissect.Event{Kind: dissect.Lost, Side: side, Start: start, End: a.in[side].Offset})
}

func (a *asker) End(dst []dissect.Event) []dissect.Event { return dst }

// All the client's lines stand before the first answer, and one has none.
func TestRunParks(t *testing.T) {
	turns, err := dialogue.ParseTurns("C: one\nC: two\nC: three\nS: 1\nS: 2\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`client 0-5 hello line "****ne"`,
		`server 0-3 hello line "****"`,
		`client 5-10 hello line "****wo"`,
		`server 3-6 hello line "****"`,
		`client 10-17 hello line "****hree"`,
	}
	for cut := range 8 {
		if diff := cmp.Diff(want, dialogue.Run(&asker{}, turns, cut)); diff != "" {
			t.Errorf("cut every %d bytes (-want +got):\n%s", cut, diff)
		}
	}
}
