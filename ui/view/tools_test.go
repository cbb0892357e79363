package view_test

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/view"
)

// with starts the program with options of its own.
func with(t *testing.T, source model.Source, o view.Options) program {
	t.Helper()
	p := program{view.Start(t.Context(), source, o, start.Add(90*time.Minute), 120, 40), t}
	t.Cleanup(func() {
		p.press("Ctrl-C")
		if err := <-p.Done; err != nil {
			t.Error(err)
		}
	})
	p.until("row 1 of")
	return p
}

// Every list has a filter, with keys of its own and clear mistakes.
func TestFilterEverywhere(t *testing.T) {
	_, source := database(t, results()...)
	p := with(t, source, view.Options{})
	for _, tt := range []struct{ view, filter, fits, mistake, says string }{
		{"3", "verdict:exposed", "row 1 of 3 that fit", "verdict:bad", `verdict "bad" is none of unknown`},
		{"4", "worst>=critical", "row 1 of 2 that fit", "worst>=x", `worst "x" is none of critical`},
		{"5", "10.0.0", "row 1 of 2 that fit", "joe exposed>=x", `exposed>=x: "x" is no number`},
		{"6", "name:joe", "row 1 of 2 that fit", "server:x", `no key "server": did you mean sessions?`},
		{"7", "findings>1", "row 1 of 2 that fit", "zzz:x", `no key "zzz": there are name worst`},
	} {
		p.walk(steps{{tt.view, "row 1 of"}, {"/", "Filter:"}})
		p.press(tt.mistake, "Enter")
		p.until(tt.says)
		p.press("Ctrl-U", tt.filter, "Enter")
		p.until(tt.fits)
		p.press("/", "Ctrl-U", "nobody-at-all", "Enter")
		p.until("Esc takes the filter away")
		p.press("Esc")
		p.wait("all rows", func(text string) bool {
			return strings.Contains(text, "row 1 of") && !strings.Contains(text, "that fit")
		})
	}
}

func TestSavedFilters(t *testing.T) {
	_, source := database(t, results()...)
	p := with(t, source, view.Options{Filters: filepath.Join(t.TempDir(), "mailtap", "filters.json")})
	command := func(text, want string) {
		t.Helper()
		p.press(":")
		p.until("Command:")
		p.press(text, "Enter")
		p.until(want)
	}
	command("save night", "nothing is filtered here")
	command("filter severity:critical", "row 1 of 2 that fit")
	command("save Night", `"Night" is no name`)
	command("save night", "saved: :filter night filters the cases")
	p.walk(steps{{"Esc", "row 1 of 4"}, {"6", "accounts"}, {"Enter", "that fit"}})
	command("filter night", "cases severity:critical")
	p.press(":", "forget ", "Tab")
	p.until("Command: forget night")
	p.press("Enter")
	p.until("forgotten: night")
	command("forget night", `no filter is saved as "night"`)
	command("filter night", "no case fits")
	command("filter last>x", `"x" is no time`)
}

func TestSavedFiltersNowhere(t *testing.T) {
	_, source := database(t, results()...)
	p := with(t, source, view.Options{})
	p.press("/", "joe", "Enter")
	p.until("that fit")
	p.press(":", "save joe", "Enter")
	p.until("there is no folder to keep filters in")
}

func TestExport(t *testing.T) {
	_, source := database(t, results()...)
	p := with(t, source, view.Options{})
	t.Chdir(t.TempDir()) // a key that is typed is a screen that is drawn: short names
	for _, tt := range []struct {
		way  steps
		file string
		says string
	}{
		{nil, "a.csv", "9 cases written to"},
		{nil, "a.doc", "ends in .csv, .jsonl or .html"},
		{nil, "a.html", "9 cases written to"},
		{steps{{"Enter", "Why it matters"}}, "b.jsonl", "1 finding written to"},
		{steps{{"3", "row 1 of 7"}}, "c.csv", "7 sessions written to"},
		{steps{{"3", "row 1 of 7"}, {"Enter", "What was said"}}, "d.jsonl", "1 session written to"},
		{steps{{"4", "row 1 of 5"}}, "e.csv", "cases and sessions are exported"},
	} {
		p.walk(steps{{"2", "row 1 of 4"}})
		p.walk(tt.way)
		p.press(":")
		p.until("Command:")
		p.press("export "+tt.file, "Enter")
		p.until(tt.says)
		p.press("Esc", "2")
	}
	p.walk(steps{{"2", "row 1 of 4"}, {"Down", "row 2 of 4"}, {"m", "3 marked"}})
	for _, tt := range []struct{ answer, says string }{{"no", "not written"}, {"", "not written"}, {"yes", "3 cases written to"}} {
		p.press(":")
		p.until("Command:")
		p.press("export a.csv", "Enter")
		p.until("Write over")
		p.press(tt.answer, "Enter")
		p.until(tt.says)
		p.press("Up") // the message goes
		p.until("q quit")
	}
	if err := os.Mkdir("f.csv", 0o700); err != nil {
		t.Fatal(err)
	}
	p.press(":")
	p.until("Command:")
	p.press("export f.csv", "Enter")
	p.until("no file that can be written over")
	if b, err := os.ReadFile("a.csv"); err != nil || !strings.Contains(string(b), "cleartext-password") {
		t.Errorf("%v: %s", err, b)
	}
}

func TestCopy(t *testing.T) {
	_, source := database(t, results()...)
	p := with(t, source, view.Options{})
	for _, tt := range []struct {
		way  steps
		key  string
		want string
	}{
		{nil, "c", "c_"}, {nil, "C", "critical"}, {steps{{"Enter", "Why it matters"}}, "c", "c_"}, {steps{{"Enter", "Why it matters"}}, "C", "\nWhy it matters\n"},
		{steps{{"3", "row 1 of 7"}}, "c", "s_"}, {steps{{"6", "accounts"}}, "c", "maria@example.org"}, {steps{{"4", "servers"}}, "C", "10.0.0.9:587"},
	} {
		p.walk(steps{{"2", "row 1 of 4"}})
		p.walk(tt.way)
		p.press(tt.key)
		p.until("copied")
		if got := p.Clipboard(); !strings.Contains(got, tt.want) || strings.Contains(got, "\x1b") {
			t.Errorf("%v %s: %q is on the clipboard", tt.way, tt.key, got)
		}
		p.press("g", "Esc")
		p.wait("the message to be gone", func(text string) bool { return !strings.Contains(text, "copied") })
	}
}

// The packets of what is selected are written by who can, and shown by a
// program that root never starts.
func TestPackets(t *testing.T) {
	_, source := database(t, results()...)
	bin, seen := t.TempDir(), filepath.Join(t.TempDir(), "seen")
	t.Setenv("PATH", bin)
	var asked []alerts.SessionID
	written, release := make(chan struct{}), make(chan struct{})
	p := with(t, source, view.Options{Packets: func(ctx context.Context, f view.PacketFile) (string, error) {
		switch {
		case strings.Contains(f.Path, "fails"):
			return "", errors.New("monday.pcap: no such file")
		case strings.Contains(f.Path, "slow"):
			f.Written(4711)
			close(written)
			select {
			case <-release:
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		asked = f.Sessions
		return "42 packets of 1 session", export.WriteFile(f.Path, f.Replace, func(w io.Writer) error {
			_, err := io.WriteString(w, "packets")
			return err
		})
	}})
	t.Chdir(t.TempDir())
	const file = "x.pcapng"
	p.press(":", "pcap "+file, "Enter")
	p.until("42 packets of 1 session")
	if b, err := os.ReadFile(file); err != nil || string(b) != "packets" || len(asked) != 1 {
		t.Errorf("%q of %v, %v", b, asked, err)
	}
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.press(":", "pcap "+file, "Enter")
	p.until("Write over")
	p.press("no", "Enter")
	p.until("not written")
	p.press(":", "pcap "+file, "Enter")
	p.until("Write over")
	p.press("yes", "Enter")
	p.until("42 packets of 1 session")
	if b, err := os.ReadFile(file); err != nil || string(b) != "packets" {
		t.Errorf("%q, %v", b, err)
	}
	p.press(":", "pcap slow", "Enter") // which holds nothing up
	<-written
	p.walk(steps{{"2", "4711 bytes so far"}, {"Enter", "Why it matters"}, {"Esc", "row 1 of 4"}})
	p.press(":", "pcap other", "Enter")
	p.until("another file is being written")
	p.press("Up") // a key takes away what was said before, so it comes before what is waited for
	p.wait("the error to be gone", func(screen string) bool { return !strings.Contains(screen, "another file is being written") })
	close(release)
	p.until("42 packets of 1 session")
	p.press(":", "pcap fails", "Enter")
	p.until("monday.pcap: no such file")
	p.press(":", "pcap", "Enter")
	p.until("name the file to write")
	p.press("p")
	p.until("none of termshark, wireshark, tshark is installed")
	script := "#!/bin/sh\necho \"$@\" > " + seen + "\n"
	if err := os.WriteFile(filepath.Join(bin, "termshark"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p.press("p")
	p.wait("the program to be started", func(string) bool { _, err := os.Stat(seen); return err == nil })
	p.until("q quit")
	args, err := os.ReadFile(seen)
	path, ok := strings.CutPrefix(strings.TrimSpace(string(args)), "-r ")
	if err != nil || !ok {
		t.Fatalf("started with %q, %v", args, err)
	}
	p.wait("its file to be gone", func(string) bool { _, err := os.Stat(filepath.Dir(path)); return err != nil })
	p.BeRoot()
	p.press("p")
	p.until("no packets are shown as root")
	p.press("4", ":", "pcap x", "Enter")
	p.until("no case and no session is selected")
}

// The overview tells how fast things come in: of a capture in this process, and
// of what is stored.
func TestPace(t *testing.T) {
	_, source := database(t, results()...)
	live := model.Live{}
	p := with(t, source, view.Options{Live: func() model.Live {
		live.Packets += 5000
		live.Dropped += 1000
		return live
	}})
	p.press("1")
	p.until("Top servers")
	for range 4 {
		p.Advance(5 * time.Second)
		p.press("R")
		p.wait("a look", func(string) bool { return true })
	}
	p.until("packets/s")
	p.until("what they held is not seen")
	p.until("0 new findings and 0 sessions a minute")
}

// A capture behind the program is told of on every screen, and where there are
// no findings yet.
func TestCapturing(t *testing.T) {
	_, source := database(t)
	p := program{view.Start(t.Context(), source, view.Options{Live: func() model.Live {
		return model.Live{Packets: 42, Dropped: 3, Open: 1}
	}}, start, 120, 40), t}
	t.Cleanup(func() { p.press("Ctrl-C"); <-p.Done })
	const bar = "capture   42 packets  3 dropped  1 open connections"
	if text := p.until("the capture is running: no findings yet"); strings.Contains(text, "mailtap analyze") {
		t.Errorf("it asks for a capture:\n%s", text)
	}
	for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "?"} {
		p.press(key)
		p.until(bar)
	}
}

// Each colour of a terminal that has 256 stands out from black and from white.
// The others are the user's own.
func TestContrast(t *testing.T) {
	const least, leastOfFew = 3.8, 2.5
	light := func(c int32) float64 { // WCAG 2.1, relative luminance
		x := float64(c) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	check := func(c tcell.Color, least float64) {
		r, g, b := c.RGB()
		l := 0.2126*light(r) + 0.7152*light(g) + 0.0722*light(b)
		if onBlack, onWhite := (l+0.05)/0.05, 1.05/(l+0.05); onBlack < least || onWhite < least {
			t.Errorf("#%06x: contrast %.2f on black, %.2f on white", c.Hex(), onBlack, onWhite)
		}
	}
	colors := view.Looks(false, 256)
	for _, c := range colors {
		check(c, least)
	}
	if len(colors) == 0 || len(view.Looks(true, 256)) != 0 || len(view.Looks(true, 8)) != 0 {
		t.Errorf("%d colours; without colours %d", len(colors), len(view.Looks(true, 256)))
	}
	for _, c := range view.Looks(false, 8) {
		if c.IsRGB() || c > tcell.ColorWhite {
			t.Errorf("%v is not one that users choose", c)
			continue
		}
		n := c - tcell.ColorBlack
		check(tcell.NewRGBColor(int32(n&1)*0xcd, int32(n>>1&1)*0xcd, int32(n>>2&1)*0xcd), leastOfFew) // as of xterm
		check(tcell.NewRGBColor(int32(n&1)*0xaa, int32(n>>1&1)*0xaa, int32(n>>2&1)*0xaa), leastOfFew) // as of VGA
	}
}
