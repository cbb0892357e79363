package dissect_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mailtap/mailtap/dissect"
)

func TestDialogueDiffers(t *testing.T) {
	room := new(dissect.Room)
	d := room.New()
	d.Add(dissect.Server, 0, []byte("220 mx.example"))
	d.Add(dissect.Client, 0, []byte("EHLO pc"))
	d.Add(dissect.Server, 16, []byte("250-mx.example"))
	d.Add(dissect.Server, 32, []byte("250 STARTTLS"))
	tests := []struct {
		name  string
		side  dissect.Side
		off   uint64
		again string
		want  string // the line that it changes
	}{
		{"equal", dissect.Server, 0, "220 mx.example\r\n250-mx.example\r\n250 STARTTLS\r\n", ""},
		{"a part, equal", dissect.Server, 20, "mx.ex", ""},
		{"the list", dissect.Server, 16, "250-mx.example\r\n250 XXXXXXXX\r\n", "250 STARTTLS"},
		{"within a line", dissect.Server, 36, "XX", "250 STARTTLS"},
		{"the other side's", dissect.Client, 0, "HELO pc", "EHLO pc"},
		{"behind all", dissect.Server, 46, "whatever", ""},
		{"between lines", dissect.Server, 14, "\n\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if l := d.Differs(tt.side, tt.off, []byte(tt.again)); l != nil {
				got = string(d.Text(l))
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDialogueBounds: a Dialogue keeps its latest lines, and a room's Dialogues
// stay within it.
func TestDialogueBounds(t *testing.T) {
	room := new(dissect.Room)
	d := room.New()
	for i := range 100_000 {
		d.Add(dissect.Client, uint64(i), fmt.Appendf(nil, "NOOP %06d", i))
		if room.Used() > 6*dissect.MaxDialogue {
			t.Fatalf("%d bytes after %d lines", room.Used(), i)
		}
	}
	lines := d.Lines()
	for i := range lines {
		want := fmt.Sprintf("NOOP %06d", 100_000-len(lines)+i)
		if got := d.Text(&lines[i]); string(got) != want {
			t.Fatalf("line %d is %q, want %q", i, got, want)
		}
	}
	if len(lines) < 1000 {
		t.Errorf("%d lines left", len(lines))
	}

	many := []*dissect.Dialogue{d}
	for range 1000 {
		d := room.New()
		many = append(many, d)
		for i := range 1000 {
			d.Add(dissect.Server, uint64(i), bytes.Repeat([]byte{'x'}, 60))
		}
	}
	if room.Used() > dissect.MaxDialogues {
		t.Errorf("%d bytes in one room, want at most %d", room.Used(), dissect.MaxDialogues)
	}
	for _, d := range many {
		d.Leave()
		d.Recycle()
	}
	if room.Used() != 0 {
		t.Errorf("%d bytes left in an empty room", room.Used())
	}
	if again := room.New(); len(again.Lines()) != 0 || len(again.Fresh()) != 0 {
		t.Error("a recycled Dialogue is not empty")
	}
}

// TestDialogueFresh: every line is stamped once, also when older ones go.
func TestDialogueFresh(t *testing.T) {
	d := new(dissect.Room).New()
	n := 0
	for i := range 20_000 {
		d.Add(dissect.Client, uint64(i), []byte("NOOP"))
		if i%7 == 0 {
			n += len(d.Fresh())
		}
	}
	n += len(d.Fresh())
	if n != 20_000 {
		t.Errorf("%d fresh lines, want 20000", n)
	}
}

func TestDialogueReserve(t *testing.T) {
	room := new(dissect.Room)
	d := room.New()
	if !d.Reserve(dissect.MaxDialogues - room.Used()) {
		t.Error("an empty room is full")
	}
	other := room.New()
	if other.Reserve(1) {
		t.Error("a full room has place")
	}
	other.Leave()
	d.Leave()
	if room.Used() != 0 {
		t.Errorf("%d bytes left in an empty room", room.Used())
	}
}

func TestNoDialogue(t *testing.T) {
	var d *dissect.Dialogue
	d.Add(dissect.Client, 0, []byte("NOOP"))
	d.Mark(&dissect.Event{})
	if d.Lines() != nil || d.Fresh() != nil || d.Differs(dissect.Client, 0, []byte("x")) != nil {
		t.Error("it keeps something")
	}
	d.Leave()
	d.Recycle()
}

// Lines that crossed in frames are not looked for at their offsets.
func TestDialogueFrame(t *testing.T) {
	d := new(dissect.Room).New()
	d.Add(dissect.Client, 0, []byte("AUTH"))
	d.Frame()
	d.Add(dissect.Client, 10, []byte("NOOP"))
	if l := d.Differs(dissect.Client, 10, []byte("QUIT")); l != nil {
		t.Errorf("differs from the line at %d", l.Start)
	}
	if l := d.Differs(dissect.Client, 0, []byte("QUIT")); l == nil {
		t.Error("differs from no line before")
	}
}
