package view_test

import (
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/ui/render"
	"github.com/mailtap/mailtap/ui/view"
)

func TestEmptyDatabase(t *testing.T) {
	path, source := database(t)
	p := run(t, source, 80, 24)
	golden(t, "empty-80x24", p.until("no findings yet: run 'mailtap analyze FILE'"))
	p.press("Enter", "G", "Up")
	p.until("no findings yet")
	add(t, path, results()...)
	p.press("r")
	p.until("case 1 of 9")
}

// What another program writes comes by itself. The selection stays on its case,
// and an open case shows its new findings.
func TestRefresh(t *testing.T) {
	all := results()
	path, source := database(t, all[0])
	p := run(t, source, 80, 24)
	p.until("case 1 of 3")
	p.press("Down")
	p.until("case 2 of 3")
	add(t, path, all[1:]...)
	p.until("case 4 of 9")
	p.press("Enter")
	p.until("1 finding in 1 session")
	again := talk(dissect.IMAP, "198.51.100.8:999", "198.51.100.25:143", 5)
	again.offer("* CAPABILITY IMAP4rev1 AUTH=PLAIN", "PLAIN")
	again.login("LOGIN-CMD", "ann", dissect.Accepted, "a1 LOGIN ann ", "secret-of-ann", "a1 OK")
	add(t, path, again.result())
	p.until("2 findings in 2 sessions")
}

func TestRefreshKey(t *testing.T) {
	source := &generated{cases: 10}
	p := run(t, source, 80, 24)
	p.until("user0")
	for _, keys := range [][]string{{"r"}, {"Enter", "r"}} {
		source.pages.Clear() // counts stay: nothing but the key has them read again
		p.press(keys...)
		p.wait("a reading", func(string) bool {
			_, read := source.pages.Load(0)
			return read
		})
	}
}

func TestErrorsAreShown(t *testing.T) {
	source := &generated{cases: 10}
	source.fail(errLocked)
	p := run(t, source, 80, 24)
	p.until("error: mailtap.db: locked")
	source.fail(nil)
	p.press("r")
	p.until("user0")
	source.fail(errLocked)
	p.press("Enter")
	p.until("error: mailtap.db: locked")
	if text := p.Text(); !strings.Contains(text, "user0") {
		t.Errorf("an error takes the list away:\n%s", text)
	}
	source.fail(nil)
	p.until(onList) // it is tried again without a key
}

// A million cases scroll, and only what is looked at is read.
func TestMillion(t *testing.T) {
	source := &generated{cases: 1_000_000}
	p := run(t, source, 80, 24)
	p.until("user0 ")
	p.press("G")
	p.until("user999999")
	p.press("PgUp", "Up")
	p.until("case 999980 of 1000000")
	p.press("Home", "PgDn")
	p.until("user19 ")
	pages := 0
	source.pages.Range(func(any, any) bool { pages++; return true })
	if pages > 4 {
		t.Errorf("%d pages were read", pages)
	}
	p.press("G", "r")
	p.until("user999999")
}

func TestFilter(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("case 1 of 9")
	p.press("Down", "/", "198.51.100.2q?", "Backspace2", "Backspace2", "5", "Enter")
	text := p.until("case 1 of 3 that fit")
	if strings.Contains(text, "10.0.0.9") || strings.Count(text, "198.51.100.25:143") != 3 {
		t.Errorf("filtered:\n%s", text)
	}
	p.press("/", "Esc")
	p.until("case 1 of 3 that fit")
	p.press("/", "Ctrl-U", "nobody", "Enter")
	golden(t, "no-match-80x24", p.until("no case has"))
	p.press("Esc")
	p.until("case 1 of 9")
	p.press("G", "/", "198.51.100.7", "Enter")
	p.until("case 1 of 1 that fit")
	p.press("Esc")
	p.until("case 2 of 9")
	p.press("/", "base64", "Enter")
	p.until("case 1 of 1 that fit")
}

func TestResize(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 200, 50)
	p.until("case 1 of 9")
	for _, size := range []struct{ width, height int }{{80, 24}, {1, 1}, {7, 3}, {300, 4}, {200, 50}} {
		p.Resize(size.width, size.height)
		p.wait("the new size", func(text string) bool { return strings.Count(text, "\n") == size.height })
		p.press("G", "Enter", "PgDn", "?", "PgDn", "q", "q", "g")
	}
	golden(t, "list-200x50", p.wait("the list", func(text string) bool {
		return strings.Contains(text, "EVIDENCE") && strings.Contains(text, "case 1 of 9")
	}))
}

func TestNoColor(t *testing.T) {
	for _, tt := range []struct {
		env     string
		flag    bool
		noColor bool
	}{{"", false, false}, {"", true, true}, {"1", false, true}} {
		t.Setenv("NO_COLOR", tt.env)
		p := view.Start(t.Context(), &generated{cases: 3}, view.Options{NoColor: tt.flag}, start, 80, 24)
		program{p, t}.until("critical")
		colored := false
		cells, _ := p.Cells()
		for _, c := range cells {
			fg, bg, _ := c.Style.Decompose()
			colored = colored || fg.Valid() || bg.Valid()
		}
		if colored == tt.noColor {
			t.Errorf("NO_COLOR=%s, flag %v: colours on the screen: %v", tt.env, tt.flag, colored)
		}
		program{p, t}.press("q")
		if err := <-p.Done; err != nil {
			t.Error(err)
		}
	}
}

// Whatever peers call themselves: columns stay in line, nothing but characters
// reaches the screen, and no word of theirs changes a colour.
func TestHostileNames(t *testing.T) {
	names := []string{
		"[red]tag[-]", "[red[]", "[日[]", "[::b]", `["region"]x[""]`, "\x1b[2J", "a\u202eb", "日本語日本語日本語", "Z" + strings.Repeat("\u0301", 300), "🇩🇪👩\u200d👩\u200d👧",
		strings.Repeat("x", 10_000), strings.Repeat("[red]", 2000), "\xff\xfe", "line\nbreak", "",
	}
	source := &generated{cases: len(names), name: func(n int) string { return names[n] }}
	for _, width := range []int{80, 200} {
		p := run(t, source, width, 24)
		p.until("case 1 of")
		checkCells(t, p)
		columns := map[int]bool{}
		for i, line := range strings.Split(p.Text(), "\n")[4 : 4+len(names)] {
			before, _, ok := strings.Cut(line, " 22:13:")
			columns[render.Width(before)] = true
			if !ok || len(columns) > 1 {
				t.Errorf("row of %.20q: %q", names[i], line)
			}
		}
		for i := range names {
			p.press("Enter")
			p.until(onDetail)
			checkCells(t, p)
			p.press("q")
			p.until(onList)
			if i < len(names)-1 {
				p.press("Down")
			}
		}
	}
}

// checkCells tells cells that hold more than a character, or stand in a colour
// that their place does not have.
func checkCells(t *testing.T, p program) {
	t.Helper()
	cells, width := p.Cells()
	for i, c := range cells {
		if len(c.Runes) > 3 || len(c.Runes) > 0 && c.Runes[0] < ' ' {
			t.Errorf("cell %d,%d holds %q", i%width, i/width, string(c.Runes))
		}
		if fg, _, _ := c.Style.Decompose(); fg.String() == "red" {
			t.Errorf("cell %d,%d is red", i%width, i/width)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "[red]", "[red[]", "[日[]", "[[]]", "[]", "[-:-:-]x", `["a"]`, "[a[b]", "[a[[[b]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := view.Shown(s); got != want {
			t.Errorf("%q is shown as %q, want %q", s, got, want)
		}
	})
}
