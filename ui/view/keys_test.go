package view_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/ui/view"
)

// What tells the screens apart, and the places on them.
const (
	onList     = "q quit"
	onDetail   = "q back   r refresh"
	onHelp     = "Down, j" // its beginning
	endOfHelp  = "info      context"
	detailTop  = "unknown\ncritical"
	detailNext = "unknown\ncleartext-password"
	detailEnd  = "RFC 8314"
	helpTop    = "unknown\nKeys"
	helpNext   = "unknown\n  Down, j"
)

// Every key does on every screen what the help says: after the keys before it,
// want comes on the screen.
var keyTests = []struct {
	screen string
	before []string
	key    string
	want   string
}{
	{"list", nil, "Down", "case 2 of"},
	{"list", nil, "j", "case 2 of"},
	{"list", []string{"G"}, "Up", "case 4999 of"},
	{"list", []string{"G"}, "k", "case 4999 of"},
	{"list", nil, "PgDn", "case 20 of"},
	{"list", nil, "Ctrl-F", "case 20 of"},
	{"list", []string{"G"}, "PgUp", "case 4981 of"},
	{"list", []string{"G"}, "Ctrl-B", "case 4981 of"},
	{"list", []string{"G"}, "Home", "case 1 of"},
	{"list", []string{"G"}, "g", "case 1 of"},
	{"list", nil, "End", "case 5000 of"},
	{"list", nil, "G", "case 5000 of"},
	{"list", nil, "Enter", onDetail},
	{"list", nil, "/", "Filter:"},
	{"list", []string{"/", "z", "Enter"}, "Esc", "5000 new"},
	{"list", nil, "?", onHelp},

	{"detail", nil, "Down", detailNext},
	{"detail", nil, "j", detailNext},
	{"detail", []string{"j"}, "Up", detailTop},
	{"detail", []string{"j"}, "k", detailTop},
	{"detail", nil, "PgDn", detailEnd},
	{"detail", nil, "Ctrl-F", detailEnd},
	{"detail", []string{"G"}, "PgUp", detailTop},
	{"detail", []string{"G"}, "Ctrl-B", detailTop},
	{"detail", []string{"G"}, "Home", detailTop},
	{"detail", []string{"G"}, "g", detailTop},
	{"detail", nil, "End", detailEnd},
	{"detail", nil, "G", detailEnd},
	{"detail", nil, "?", onHelp},
	{"detail", nil, "Esc", onList},
	{"detail", nil, "q", onList},

	{"help", nil, "Down", helpNext},
	{"help", nil, "j", helpNext},
	{"help", []string{"j"}, "Up", helpTop},
	{"help", []string{"j"}, "k", helpTop},
	{"help", nil, "PgDn", endOfHelp},
	{"help", nil, "Ctrl-F", endOfHelp},
	{"help", []string{"G"}, "PgUp", helpTop},
	{"help", []string{"G"}, "Ctrl-B", helpTop},
	{"help", []string{"G"}, "Home", helpTop},
	{"help", []string{"G"}, "g", helpTop},
	{"help", nil, "End", endOfHelp},
	{"help", nil, "G", endOfHelp},
	{"help", nil, "Esc", onList},
	{"help", nil, "q", onList},
}

// enter is how to come to a screen.
var enter = map[string]struct{ key, shows string }{"detail": {"Enter", onDetail}, "help": {"?", onHelp}}

func TestKeys(t *testing.T) {
	for _, tt := range keyTests {
		t.Run(tt.screen+" "+tt.key, func(t *testing.T) {
			p := run(t, &generated{cases: 5000}, 80, 24)
			p.until("user0")
			if way, ok := enter[tt.screen]; ok {
				p.press(way.key)
				p.until(way.shows)
			}
			was := p.Text()
			for _, key := range tt.before {
				p.press(key)
				was = p.wait("a change", func(text string) bool { return text != was })
			}
			p.wait("screen without "+tt.want, func(text string) bool { return !strings.Contains(text, tt.want) })
			p.press(tt.key)
			p.until(tt.want)
		})
	}
}

func TestEveryKeyIsTested(t *testing.T) {
	tested := map[string]bool{
		"list q": true, "list Ctrl-C": true, "detail Ctrl-C": true, "help Ctrl-C": true, // TestQuit
		"list r": true, "detail r": true, // TestRefreshKey
	}
	for _, tt := range keyTests {
		tested[tt.screen+" "+tt.key] = true
	}
	for _, s := range view.Strokes() {
		if !tested[s] {
			t.Errorf("no test presses %s", s)
		}
		delete(tested, s)
	}
	for s := range tested {
		t.Errorf("%s is tested and does nothing", s)
	}
}

func TestQuit(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"Ctrl-C"}, {"Enter", "Ctrl-C"}, {"?", "Ctrl-C"}, {"/", "Ctrl-C"}, {"?", "q", "q"}} {
		p := view.Start(context.Background(), &generated{cases: 10}, view.Options{}, start, 80, 24)
		program{p, t}.until("user0")
		program{p, t}.press(keys...)
		if err := <-p.Done; err != nil {
			t.Errorf("%v: %v", keys, err)
		}
	}
}

func TestEndOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // before the screen is up, too
	if err := <-view.Start(ctx, &generated{cases: 10}, view.Options{}, start, 80, 24).Done; err != nil {
		t.Error(err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	p := view.Start(ctx, &generated{cases: 10}, view.Options{}, start, 80, 24)
	program{p, t}.until("user0")
	cancel()
	if err := <-p.Done; err != nil {
		t.Error(err)
	}
}

// A terminal that goes away ends the program with what it said.
func TestTerminalGone(t *testing.T) {
	p := view.Start(context.Background(), &generated{cases: 10}, view.Options{}, start, 80, 24)
	program{p, t}.until("user0")
	p.Event(tcell.NewEventError(errLocked))
	if err := <-p.Done; err == nil || !errors.Is(err, errLocked) && err.Error() != errLocked.Error() {
		t.Errorf("got %v", err)
	}
}

func TestHelpNamesEveryKey(t *testing.T) {
	p := run(t, &generated{cases: 1}, 120, 50)
	p.until("user0")
	p.press("?")
	help := p.until(endOfHelp)
	var missing []string
	for _, s := range view.Strokes() {
		_, key, _ := strings.Cut(s, " ")
		named := func(line string) bool {
			return slices.Contains(strings.Split(strings.TrimSpace(line[:min(16, len(line))]), ", "), key)
		}
		if !slices.ContainsFunc(strings.Split(help, "\n"), named) {
			missing = append(missing, key)
		}
	}
	if diff := cmp.Diff([]string(nil), missing); diff != "" {
		t.Errorf("keys that the help leaves out (-want +got):\n%s", diff)
	}
}

func TestMouse(t *testing.T) {
	p := run(t, &generated{cases: 100}, 80, 24)
	p.until("user0")
	click := func(y int) {
		p.Mouse(20, y, tcell.Button1)
		p.Mouse(20, y, tcell.ButtonNone)
	}
	click(7)
	p.until("case 4 of")
	click(3) // the heads
	p.press("Down")
	p.until("case 5 of")
	// How fast a double click must be is tview's.
	p.wait(onDetail, func(text string) bool {
		click(7)
		return strings.Contains(text, onDetail)
	})
	p.press("Esc")
	p.until("case 4 of")
	p.Mouse(20, 7, tcell.WheelDown)
	p.until("unknown\nSEVERITY RULE                 SERVER            CLIENT/ACCOUNT  COUNT LAST (UTC)\ncritical cleartext-password   10.0.0.9:25       user1 ")
}
