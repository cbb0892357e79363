package view_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/view"
)

var update = flag.Bool("update", false, "rewrite the screens in testdata")

// patience is how long a screen may take; only a test that fails waits for it.
const patience = 20 * time.Second

type program struct {
	*view.Program
	t testing.TB
}

// run starts the program, and ends it with the test.
func run(t testing.TB, source model.Source, width, height int) program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	options := view.Options{Database: "/var/lib/mailtap/mailtap.db"}
	p := view.Start(ctx, source, options, start.Add(90*time.Minute), width, height)
	t.Cleanup(func() {
		cancel()
		if err := <-p.Done; err != nil {
			t.Error(err)
		}
	})
	return program{p, t}
}

// until waits for a screen that has want.
func (p program) until(want string) string {
	p.t.Helper()
	return p.wait(want, func(text string) bool { return strings.Contains(text, want) })
}

func (p program) wait(want string, ok func(string) bool) string {
	p.t.Helper()
	text := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if text = p.Text(); ok(text) {
			return text
		}
	}
	p.t.Fatalf("no %q on the screen:\n%s", want, text)
	return ""
}

// press presses keys: those that tcell has names for, and letters.
func (p program) press(keys ...string) {
	for _, k := range keys {
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

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestScreens(t *testing.T) {
	_, source := database(t, results()...)
	sizes := []struct {
		name          string
		width, height int
	}{{"80x24", 80, 24}, {"200x50", 200, 50}, {"40x10", 40, 10}}
	for _, size := range sizes {
		t.Run(size.name, func(t *testing.T) {
			p := run(t, source, size.width, size.height)
			golden(t, "list-"+size.name, p.until("198."))
			p.press("Down", "Enter")
			golden(t, "detail-"+size.name, p.until("logged in"))
			p.press("?")
			golden(t, "help-"+size.name, p.until("one line down"))
		})
	}
}
