package view_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/view"
)

// hostileLogin is a Monday on which somebody logs in under a name.
func hostileLogin(account string) []alerts.Result {
	imap := talk(dissect.IMAP, "198.51.100.9:40129", "198.51.100.25:143", time.Second)
	imap.offer("* CAPABILITY IMAP4rev1 AUTH=PLAIN", "PLAIN")
	imap.login("PLAIN", account, dissect.Accepted, "a1 AUTHENTICATE PLAIN ", "AGpvZQBodW50ZXIy", "a1 OK Logged in")
	return append(results(), imap.result())
}

// What a filter holds of a peer's words is shown harmless where it is edited,
// stays as it is where it is not, and no completion types it.
func TestHostileFilter(t *testing.T) {
	for _, account := range []string{"zz[red]\x1b[2J\x1b]52;c;AAAA\a", "zz\nnext line", "zz" + strings.Repeat("\u0301", 300), "zz\u202eb", "zz\xff"} {
		_, source := database(t, hostileLogin(account)...)
		p := run(t, source, 120, 24)
		p.until("row 1 of 4")
		p.press("6", "/", "name:zz", "Enter")
		p.until("row 1 of 1 that fit")
		p.press("Enter")
		p.until("> cases account:=")
		p.press("/")
		p.until("Filter: account:=")
		if text := p.until("zz"); !strings.Contains(text, "Filter: account:=zz") && !strings.Contains(text, `Filter: account:="zz`) {
			t.Errorf("%.20q is edited as\n%s", account, text)
		}
		checkCells(t, p)
		p.press("Enter")
		p.until("row 1 of 1 that fit")
		p.press("2", "/", "account:zz")
		p.until("Filter: account:zz")
		if text := p.Text(); strings.Contains(text, "Tab:") {
			t.Errorf("%.20q is offered:\n%s", account, text)
		}
	}
}

// Several lines that are pasted are one, and all of it can be seen.
func TestPaste(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("row 1 of 4")
	p.press("/")
	p.until("Filter:")
	p.Event(tcell.NewEventPaste(true))
	for _, c := range "198.51.100.25\nclient:198.51.100.7\n" {
		if c == '\n' {
			p.Event(tcell.NewEventKey(tcell.KeyEnter, 0, tcell.ModNone))
		} else {
			p.Event(tcell.NewEventKey(tcell.KeyRune, c, tcell.ModNone))
		}
	}
	p.Event(tcell.NewEventPaste(false))
	p.until("Filter: 198.51.100.25 client:198.51.100.7")
	p.press("Enter")
	p.until("row 1 of 1, 3 cases that fit")
}

// A question is answered, or left, before the mouse does anything else.
func TestMouseBesideQuestion(t *testing.T) {
	p := run(t, &generated{cases: 100}, 80, 24)
	p.until("user0")
	p.press("/")
	p.until("Filter:")
	for _, y := range []int{7, 3, 1, 22} { // a row, a head, the bar, the help
		p.Mouse(20, y, tcell.Button1)
		p.Mouse(20, y, tcell.ButtonNone)
	}
	p.press("user7", "Enter")
	if text := p.until("that fit"); !strings.Contains(text, "row 1 of 11 that fit") {
		t.Errorf("after clicks beside a question:\n%s", text)
	}
}

// What is asked can be read, however long the name of the file is.
func TestLongQuestion(t *testing.T) {
	_, source := database(t, results()...)
	p := with(t, source, view.Options{})
	folder := filepath.Join(t.TempDir(), strings.Repeat("very-long", 12), "[red]")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	if err := os.WriteFile("[red].csv", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{80, 200} {
		p.Resize(width, 24)
		p.press(":", "export [red].csv", "Enter")
		p.until("/[red].csv? yes or no:")
		p.press("Esc")
		p.until("q quit")
	}
}

// A note of several lines is edited as one, and stays as it was where nothing is
// typed.
func TestNoteOfLines(t *testing.T) {
	path, source := database(t, results()...)
	triage, err := store.OpenTriage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { triage.Close() })
	cases, err := source.Cases(store.Filter{Limit: 1})
	if err != nil || len(cases) != 1 {
		t.Fatal(cases, err)
	}
	const note = "call joe\nbefore noon"
	given := note
	if err := triage.Set([]alerts.CaseID{cases[0].ID}, store.Decision{Note: &given, Who: "ann", At: start.UnixNano()}); err != nil {
		t.Fatal(err)
	}
	p := decider(t, source, triage)
	p.walk(steps{{"R", "row 1 of 4"}, {"n", "Note: call joe before noon"}, {"Enter", "q quit"}})
	if cases, err = source.Cases(store.Filter{Limit: 1}); err != nil || cases[0].Note != note {
		t.Errorf("the note is %q, %v", cases[0].Note, err)
	}
	p.walk(steps{{"n", "Note: call joe before noon"}, {"!", "noon!"}, {"Enter", "1 case: noted"}})
	if cases, err = source.Cases(store.Filter{Limit: 1}); err != nil || cases[0].Note != "call joe before noon!" {
		t.Errorf("the note is %q, %v", cases[0].Note, err)
	}
}

// J goes on where the list behind has not read its rows yet.
func TestNeighbourThatIsNotRead(t *testing.T) {
	source := &generated{cases: 30_000}
	p := run(t, source, 80, 24)
	p.until("row 1 of 30000")
	p.press(slices.Repeat([]string{"PgDn"}, 26)...)
	p.until("row 495 of")
	p.press("Up", "Down", "Down", "Down", "Down", "Down", "Down")
	p.until("row 500 of")
	p.walk(steps{{"Enter", "(user499)"}, {"J", "(user500)"}, {"K", "(user499)"}, {"q", "row 500 of"}})
}

// crowd has as many accounts as are counted one by one, and more.
type crowd struct{ *generated }

func (crowd) Overview(top int) (o store.Overview, err error) {
	for n := range top {
		s := store.Subject{Name: fmt.Sprintf("user%d", n)}
		s.Findings[alerts.High] = 1
		o.Accounts.Top = append(o.Accounts.Top, s)
	}
	return o, nil
}

// A filter of accounts that looks at the worst ones only does not say that
// nobody else fits.
func TestFilterOfMany(t *testing.T) {
	p := run(t, crowd{&generated{cases: 3}}, 80, 24)
	p.walk(steps{
		{"R", "user0"}, {"6", "row 1 of the worst 10000"}, {"/", "Filter:"}, {"user99 name:=user99", "user99 name"},
		{"Enter", "row 1 of 1 that fit, of the worst 10000"}, {"/", "Filter:"}, {"x", "user99x"}, {"Enter", `no account of the worst 10000 fits "user99`},
	})
}

// slow is a source whose cases are read while nobody holds it.
type slow struct {
	*generated
	held *sync.Mutex
}

func (s slow) Cases(f store.Filter) ([]alerts.Case, error) {
	s.held.Lock()
	defer s.held.Unlock()
	return s.generated.Cases(f)
}

// Rows that another filter chose are not taken for those of the one that is being
// read: no decision, mark or export is made on them.
func TestRowsOfBefore(t *testing.T) {
	source := slow{&generated{cases: 300}, new(sync.Mutex)}
	p := decider(t, source, broken{})
	p.until("row 1 of 300, 300 new")
	source.held.Lock()
	letGo := sync.OnceFunc(source.held.Unlock)
	t.Cleanup(letGo)
	p.press("/", "user7", "Enter")
	p.until("reading ...")
	t.Chdir(t.TempDir())
	for _, keys := range [][]string{{"a"}, {"x"}, {"n"}, {"m"}, {"M"}, {":", "export a.csv", "Enter"}, {":", "pcap a.pcap", "Enter"}} {
		p.press(keys...)
		p.until("still being read")
		p.press("g")
		p.until("q quit")
	}
	letGo()
	p.until("row 1 of 11 that fit")
	p.walk(steps{{"M", "11 marked"}, {"a", "marked: 11 cases"}})
}
