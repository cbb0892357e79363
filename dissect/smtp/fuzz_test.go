package smtp_test

import (
	"bytes"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/smtp"
)

var seedDirs = []string{"testdata", "testdata/ambiguous", "testdata/late", "testdata/one-sided"}

func FuzzFeed(f *testing.F) {
	dialogue.FuzzCuts(f, seedDirs, func(late bool) dialogue.Machine { return smtp.New([2]uint64{}, late) })
}

// FuzzLoss: with lines lost and answers not waited for, a session takes the
// bytes that it must, and its events stay within what it was given.
func FuzzLoss(f *testing.F) {
	for _, dir := range seedDirs {
		for i, seed := range dialogue.Seeds(f, dir) {
			f.Add(seed, []byte{byte(i), 0, 0, 1, 0, 2})
		}
	}
	f.Fuzz(func(t *testing.T, text string, harm []byte) {
		turns, err := dialogue.ParseTurns(text)
		if err != nil || len(harm) == 0 {
			t.Skip()
		}
		l := loss{t: t, s: smtp.New([2]uint64{}, harm[0]%2 == 1)}
		for i, turn := range turns {
			switch h := harm[i%len(harm)]; {
			case h%4 == 1:
				l.lose(turn.Side, len(turn.Data))
			case h%4 == 2:
				half := len(turn.Data) / 2
				l.feed(turn.Side, turn.Data[:half])
				l.lose(turn.Side, len(turn.Data)-half)
			default:
				l.feed(turn.Side, turn.Data)
			}
		}
		l.check(l.s.End(nil))
	})
}

type loss struct {
	t      *testing.T
	s      *smtp.Session
	offset [2]uint64
}

func (l *loss) lose(side dissect.Side, n int) {
	l.offset[side] += uint64(n)
	l.check(l.s.Gap(nil, side, uint64(n)))
}

func (l *loss) feed(side dissect.Side, b []byte) {
	b = bytes.Clone(b)
	for len(b) > 0 {
		events, n := l.s.Feed(nil, side, b)
		l.offset[side] += uint64(n)
		b = b[n:]
		l.check(events)
		if len(b) > 0 {
			if l.s.Need() == dissect.NeedNothing {
				l.t.Fatalf("left %d bytes and needs nothing", len(b))
			}
			l.s.Proceed()
		}
	}
}

func (l *loss) check(events []dissect.Event) {
	for _, e := range events {
		if e.Start > e.End || e.End > l.offset[e.Side] {
			l.t.Errorf("event %d at %d-%d of %d bytes", e.Kind, e.Start, e.End, l.offset[e.Side])
		}
		if e.Hide.From < 0 || e.Hide.From > e.Hide.To || e.Hide.To > len(e.Line) {
			l.t.Errorf("event %d hides %v of %d bytes", e.Kind, e.Hide, len(e.Line))
		}
	}
}
