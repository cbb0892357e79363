package view_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/ui/model"
	"github.com/mailtap/mailtap/ui/view"
)

// What the feet of the screens have.
const (
	onCases = "q quit"
	onCase  = "Esc, q back"
)

// Every key does on every screen what the help says: after the keys before it,
// want comes on the screen. Lists have 5000 cases, or what results has.
var keyTests = []struct {
	screens string
	before  []string
	keys    string
	want    string
}{
	{"cases", nil, "Down j", "row 2 of"},
	{"cases", []string{"G"}, "Up k", "row 4999 of"},
	{"cases", nil, "PgDn Ctrl-F", "row 20 of"},
	{"cases", []string{"G"}, "PgUp Ctrl-B", "row 4981 of"},
	{"cases", []string{"G"}, "Home g", "row 1 of"},
	{"cases", nil, "End G", "row 5000 of"},
	{"cases", nil, "Enter", onCase},
	{"cases sessions servers clients accounts rules", nil, "/", "Filter:"},
	{"cases sessions servers clients accounts rules case session rule", nil, "c", "copied"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "C", "copied"},
	{"cases sessions case session", nil, "p", "packets cannot be written"},
	{"cases case", nil, "a r x f n u", "nothing can be decided"},
	{"cases", nil, "s", "by status"},
	{"cases", nil, "m M", " marked"},
	{"cases", nil, "S", "↑"},

	{"sessions servers clients accounts rules", nil, "Down j", "row 2 of"},
	{"sessions servers clients accounts rules", []string{"Down"}, "Up k", "row 1 of"},
	{"sessions", nil, "PgDn Ctrl-F End G", "row 7 of 7"},
	{"servers clients", nil, "PgDn Ctrl-F End G", "row 5 of 5"},
	{"accounts", nil, "PgDn Ctrl-F End G", "row 3 of 3"},
	{"rules", nil, "PgDn Ctrl-F End G", "row 6 of 6"},
	{"sessions servers clients accounts rules", []string{"G"}, "PgUp Ctrl-B Home g", "row 1 of"},
	{"sessions", nil, "Enter", "What was said"},
	{"servers", nil, "Enter", "cases server:="},
	{"clients", nil, "Enter", "cases client:="},
	{"accounts", nil, "Enter", "cases account:="},
	{"rules", nil, "Enter", "cases rule:="},
	{"servers clients accounts", nil, "l", "> sessions of"},
	{"rules", nil, "i", "What to do"},

	{"case session rule overview", nil, "?", "Keys"},
	{"cases sessions servers clients accounts rules", nil, "?", "Keys"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, ":", "Command:"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "1", "Top servers"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "2", "CLIENT/ACCOUNT"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "3", "VERDICT"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "4", "WORST    SERVER"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "5", "WORST    CLIENT"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "6", "WORST    ACCOUNT"},
	{"overview cases sessions servers clients accounts rules case session rule", nil, "7", "WHAT IS WRONG"},

	{"session", nil, "Esc q", "VERDICT"},
	{"rule", nil, "Esc q", "WHAT IS WRONG"},
	{"case help", nil, "Esc q", "CLIENT/ACCOUNT"},
	{"case", nil, "l", "> sessions"},
}

// enter is how to come to a screen from the cases, and what it shows.
var enter = map[string]steps{
	"overview": screens["overview"], "sessions": screens["sessions"], "servers": screens["servers"], "clients": screens["clients"],
	"accounts": screens["accounts"], "rules": screens["rules"], "case": {{"Enter", "Why it matters"}}, "session": screens["session"],
	"rule": screens["rule"], "help": screens["help"],
}

func TestKeys(t *testing.T) {
	_, few := database(t, results()...)
	for _, tt := range keyTests {
		for _, on := range strings.Fields(tt.screens) {
			for _, key := range strings.Fields(tt.keys) {
				t.Run(on+" "+key, func(t *testing.T) {
					t.Parallel() // each waits for its screen most of the time
					var source model.Source = few
					if on == "cases" {
						source = &generated{cases: 5000}
					}
					p := run(t, source, 80, 24)
					p.wait("the whole list", func(text string) bool {
						return strings.Contains(text, "row 1 of") && !strings.Contains(text, "the first")
					})
					p.walk(enter[on])
					was := p.Text()
					for _, key := range tt.before {
						p.press(key)
						was = p.wait("a change", func(text string) bool { return text != was })
					}
					if strings.Contains(p.Text(), tt.want) && on+" "+key != "cases 2" && on+" "+key != own[on] {
						t.Fatalf("there is %q before the key is pressed", tt.want)
					}
					p.press(key)
					p.until(tt.want)
				})
			}
		}
	}
}

// own is the keys that lead to where one is.
var own = map[string]string{
	"overview": "overview 1", "sessions": "sessions 3", "servers": "servers 4", "clients": "clients 5", "accounts": "accounts 6", "rules": "rules 7",
}

// scrollKeys are those that go down a page, each with two that go back.
var scrollKeys = []struct{ down, up []string }{
	{[]string{"Down", "j"}, []string{"Up", "k"}},
	{[]string{"PgDn", "Ctrl-F"}, []string{"PgUp", "Ctrl-B"}},
	{[]string{"End", "G"}, []string{"Home", "g"}},
}

func TestScroll(t *testing.T) {
	_, source := database(t, results()...)
	for _, on := range []string{"overview", "case", "session", "rule", "help"} {
		t.Run(on, func(t *testing.T) {
			p := run(t, source, 80, 24)
			p.until("row 1 of 4")
			p.walk(enter[on])
			p.Resize(80, 12)
			top := p.settled(func(text string) bool { return strings.Count(text, "\n") == 12 })
			for _, k := range scrollKeys {
				for i := range k.down {
					p.press(k.down[i])
					p.wait("another part after "+k.down[i], func(text string) bool { return text != top })
					p.press(k.up[i])
					p.wait("the beginning after "+k.up[i], func(text string) bool { return text == top })
				}
			}
		})
	}
}

func TestEveryKeyIsTested(t *testing.T) {
	tested := make(map[string]bool)
	mark := func(screens, keys string) {
		for _, on := range strings.Fields(screens) {
			for _, key := range strings.Fields(keys) {
				tested[on+" "+key] = true
			}
		}
	}
	const lists, besideHelp = "cases sessions servers clients accounts rules", "overview cases sessions servers clients accounts rules case session rule"
	mark(besideHelp+" help", "Ctrl-C") // TestQuit
	mark("overview "+lists, "q Esc")   // TestQuit, TestWay
	mark(besideHelp, "R")              // TestRefreshKey
	mark("cases", "Space z")           // TestUnfold
	mark("case", "J K")                // TestNeighbours
	for _, k := range scrollKeys {
		mark("overview case session rule help", strings.Join(append(k.down, k.up...), " ")) // TestScroll
	}
	for _, tt := range keyTests {
		mark(tt.screens, tt.keys)
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

func TestUnfold(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("row 1 of 4, 9 cases")
	p.walk(steps{
		{"Space", "row 1 of 6"}, {"Down", "row 2 of 6"}, {"Space", "row 1 of 4"}, {"z", "row 1 of 9, 9 new"}, {"Space", "row 1 of 9"}, {"z", "row 1 of 4"},
	})
}

func TestQuit(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"Ctrl-C"}, {"Enter", "Ctrl-C"}, {"?", "Ctrl-C"}, {"/", "Ctrl-C"}, {"?", "q", "q"}, {"1", "q"}, {"4", "q"}, {"3", "Esc", "q"}} {
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

// The help fits the least screen that there usually is.
func TestHelpFits(t *testing.T) {
	for _, triage := range []view.Triage{broken{}, nil} {
		for _, line := range view.Help(view.Options{Triage: triage}) {
			if len(line) > 80 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
	}
}

func TestHelpNamesEveryKey(t *testing.T) {
	p := decider(t, &generated{cases: 1}, broken{})
	p.until("user0")
	p.Resize(120, 90)
	p.press("?")
	help := p.until("Ctrl-C")
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
	p.until("row 4 of")
	click(3) // the head of the rules
	p.until("RULE↓")
	click(3)
	p.until("row 97 of 100 by rule")
	p.press("Up")
	p.until("row 96 of")
	// How fast a double click must be is tview's.
	p.wait(onCase, func(text string) bool {
		click(7)
		return strings.Contains(text, onCase)
	})
	p.press("Esc")
	p.until("q quit")
	p.Mouse(20, 7, tcell.WheelUp)
	p.until("user19 ")
}
