package view_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/view"
)

var update = flag.Bool("update", false, "rewrite the screens in testdata")

// patience is how long a screen may take; only a test that fails waits for it.
const patience = 20 * time.Second

// longest is the pause between two looks at a screen that is waited for.
const longest = 20 * time.Millisecond

type program struct {
	*view.Program
	t testing.TB
}

// run starts the program, and ends it with the test.
func run(t testing.TB, source model.Source, width, height int) program {
	t.Helper()
	p, end := begin(t, source, width, height)
	t.Cleanup(end)
	return p
}

// begin starts the program.
func begin(t testing.TB, source model.Source, width, height int) (p program, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	options := view.Options{Database: "/var/lib/mailtap/mailtap.db"}
	p = program{view.Start(ctx, source, options, start.Add(90*time.Minute), width, height), t}
	return p, func() {
		cancel()
		if err := <-p.Done; err != nil {
			t.Error(err)
		}
	}
}

// until waits for a screen that has want.
func (p program) until(want string) string {
	p.t.Helper()
	return p.wait(want, func(text string) bool { return strings.Contains(text, want) })
}

func (p program) wait(want string, ok func(string) bool) string {
	p.t.Helper()
	text, fits := p.poll(ok)
	if !fits {
		p.t.Fatalf("no %q on the screen:\n%s", want, text)
	}
	return text
}

// poll reads the screen until it fits, at longer and longer intervals: to read
// it takes time that the program needs.
func (p program) poll(ok func(string) bool) (text string, fits bool) {
	pause := time.Millisecond
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(pause) {
		if text = p.Text(); ok(text) {
			return text, true
		}
		pause = min(pause*2, longest)
	}
	return text, false
}

// settled waits until the screen fits and stays as it is: what is read in the
// background may still change it.
func (p program) settled(ok func(string) bool) string {
	p.t.Helper()
	const reads = 10
	last, same := "", 0
	return p.wait("screen that stays", func(text string) bool {
		if text != last || !ok(text) {
			last, same = text, 0
			return false
		}
		same++
		return same == reads
	})
}

// press presses keys: those that tcell has names for, and letters.
func (p program) press(keys ...string) {
	for _, k := range keys {
		if k == "Space" {
			k = " "
		}
		if key, special := keysByName[k]; special {
			p.Key(key, 0)
			continue
		}
		for _, c := range k {
			p.Key(tcell.KeyRune, c)
		}
	}
}

var keysByName = func() map[string]tcell.Key {
	names := make(map[string]tcell.Key)
	for key, name := range tcell.KeyNames {
		names[name] = key
	}
	return names
}()

// steps are keys that are pressed one after the other, each with what the
// screen has then.
type steps []struct{ key, shows string }

func (p program) walk(way steps) (text string) {
	p.t.Helper()
	for _, s := range way {
		p.press(s.key)
		text = p.until(s.shows)
	}
	return text
}

// screens is how to come to each screen from the cases.
var screens = map[string]steps{
	"overview": {{"1", "Top servers"}},
	"cases":    nil,
	"open":     {{"Down", "row 2 of 4"}, {"Space", "-2"}},
	"sessions": {{"3", "row 1 of 7"}},
	"servers":  {{"4", "row 1 of 5"}},
	"clients":  {{"5", "row 1 of 5"}},
	"accounts": {{"6", "row 1 of 3"}},
	"rules":    {{"7", "row 1 of 6"}},
	"case":     {{"Down", "row 2 of 4"}, {"Enter", "logged in"}},
	"session":  {{"3", "row 1 of 7"}, {"End", "row 7 of 7"}, {"Enter", "IMAP from"}},
	"rule":     {{"7", "row 1 of 6"}, {"i", "1 finding, the last"}},
	"of":       {{"4", "row 1 of 5"}, {"Enter", "that fit"}},
	"help":     {{"?", "Keys"}},
	"filter":   {{"/", "Filter:"}, {"s", "severity>="}},
	"command":  {{":", "Command:"}},
}

// What each screen looks like on terminals of several sizes.
func TestScreens(t *testing.T) {
	_, source := database(t, results()...)
	for _, size := range []struct{ width, height int }{{80, 24}, {120, 40}, {200, 50}, {40, 10}} {
		for name, way := range screens {
			if size.width == 40 && name != "cases" && name != "case" {
				continue
			}
			t.Run(fmt.Sprintf("%s-%dx%d", name, size.width, size.height), func(t *testing.T) {
				p := run(t, source, size.width, size.height)
				p.until("row 1 of 4")
				if size.width == 40 && way != nil {
					p.press("Down", "Enter")
					p.until("Esc, q back")
				} else {
					p.walk(way)
				}
				p.golden(fmt.Sprintf("%s-%dx%d", name, size.width, size.height))
			})
		}
	}
}

// golden waits for the screen in testdata.
func (p program) golden(name string) {
	p.t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(p.settle()), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	got, same := p.poll(func(text string) bool { return text == string(want) })
	if same {
		return
	}
	p.t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(string(want), got))
}

// settle waits until the screen shows the same for a while.
func (p program) settle() string {
	last, since := "", time.Now()
	for time.Since(since) < 150*time.Millisecond {
		if text := p.Text(); text != last {
			last, since = text, time.Now()
		}
		time.Sleep(5 * time.Millisecond)
	}
	return last
}

// What the program draws can be told on a terminal that has no such characters.
func TestFallbacks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	text := alerts.Mask
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b)
	}
	for _, r := range text {
		if r > '~' && !view.Fallback(r) {
			t.Errorf("%q would be a question mark", r)
		}
	}
}
