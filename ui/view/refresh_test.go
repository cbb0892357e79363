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
	p.golden("empty-80x24")
	p.press("Enter", "G", "Up")
	p.until("no findings yet")
	add(t, path, results()...)
	p.press("R")
	p.until("row 1 of 4, 9 cases")
}

// What another program writes comes by itself. The selection stays on its case,
// an unfolded row stays so, and an open case shows its new findings.
func TestRefresh(t *testing.T) {
	all := results()
	path, source := database(t, all[0])
	p := run(t, source, 80, 24)
	p.until("row 1 of 1, 3 cases")
	p.walk(steps{{"Space", "row 1 of 3, 3 new"}, {"Down", "row 2 of 3"}})
	add(t, path, all[1:]...)
	p.until("row 3 of 6, 9 cases")
	p.press("Enter")
	p.until("1 finding in 1 session")
	again := talk(dissect.IMAP, "198.51.100.8:999", "198.51.100.25:143", 5)
	again.offer("* CAPABILITY IMAP4rev1 AUTH=PLAIN", "PLAIN")
	again.login("LOGIN-CMD", "ann", dissect.Accepted, "a1 LOGIN ann ", "secret-of-ann", "a1 OK")
	add(t, path, again.result())
	p.until("2 findings in 2 sessions")
}

// Rows that come before the first one do not take a selection with them that
// nobody has made.
func TestSelectionStaysAtTheTop(t *testing.T) {
	all := results()
	for _, tt := range []struct {
		keys   []string
		head   string // of a column
		before string
		after  string
	}{
		{nil, "RULE", "row 1 of 1, 3 cases", "row 1 of 4, 9 cases"},
		{[]string{"3"}, "VERDICT", "row 1 of 1", "row 1 of 7"},
		{[]string{"5"}, "WORST", "row 1 of 1", "row 1 of 5"},
		{[]string{"g"}, "RULE", "row 1 of 1, 3 cases", "row 2 of 4, 9 cases"},
		{[]string{"3", "Down"}, "VERDICT", "row 1 of 1", "row 7 of 7"},
		{[]string{"5", "Down"}, "WORST", "row 1 of 1", "row 2 of 5"},
	} {
		t.Run(strings.Join(tt.keys, " "), func(t *testing.T) {
			path, source := database(t, all[0])
			p := run(t, source, 80, 24)
			p.until("row 1 of")
			for _, key := range tt.keys {
				p.press(key)
				p.wait(tt.before, func(text string) bool {
					return strings.Contains(text, tt.before) && strings.Contains(text, tt.head)
				})
			}
			add(t, path, all[1:]...)
			p.press("R")
			p.until(tt.after)
		})
	}
}

func TestRefreshKey(t *testing.T) {
	source := &generated{cases: 10}
	p := run(t, source, 80, 24)
	p.until("user0")
	for _, tt := range []struct {
		way  steps
		read int
	}{{nil, 0}, {steps{{"Enter", onCase}, {"PgDn", "Settings"}}, oneCase}} {
		p.walk(tt.way)
		source.pages.Clear() // counts stay: nothing but the key has them read again
		p.press("R")
		p.wait("a reading", func(string) bool {
			_, read := source.pages.Load(tt.read)
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
	p.press("R")
	p.until("user0")
	source.fail(errLocked)
	p.press("Enter")
	p.until("error: mailtap.db: locked")
	source.fail(nil)
	p.until("Why it matters") // it is tried again without a key
	source.fail(errLocked)
	p.press("R")
	if text := p.until("error: mailtap.db: locked"); !strings.Contains(text, "Why it matters") {
		t.Errorf("an error takes the page away:\n%s", text)
	}
}

// Of a long list the first rows are there before it is counted.
func TestBeginning(t *testing.T) {
	source := &generated{cases: 1_000_000, hold: make(chan struct{})}
	p := run(t, source, 80, 24)
	p.until("row 1 of the first 100")
	p.press("m", "m")
	p.until("row 3 of 100, 2 marked")
	p.press("G")
	p.until("row 100 of 100")
	close(source.hold)
	p.until("row 1000000 of 1000000, 2 marked")
}

// A million cases scroll, and only what is looked at is read.
func TestMillion(t *testing.T) {
	source := &generated{cases: 1_000_000}
	p := run(t, source, 80, 24)
	p.until("user0 ")
	p.press("G")
	p.until("user999999")
	p.press("PgUp", "Up")
	p.until("row 999980 of 1000000")
	p.press("Home", "PgDn")
	p.until("user19 ")
	pages := 0
	source.pages.Range(func(any, any) bool { pages++; return true })
	if pages > 4 {
		t.Errorf("%d pages were read", pages)
	}
	p.press("G", "R")
	p.until("user999999")
}

func TestFilter(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("row 1 of 4")
	p.press("Down", "/", "198.51.100.2q?", "Backspace2", "Backspace2", "5", "Enter")
	text := p.until("row 1 of 1, 3 cases that fit")
	if strings.Contains(text, "10.0.0.9") {
		t.Errorf("filtered:\n%s", text)
	}
	p.press("/", "Esc")
	p.until("row 1 of 1, 3 cases that fit")
	p.press("/", "Ctrl-U", "nobody", "Enter")
	p.golden("no-match-80x24")
	p.press("Esc")
	p.until("row 1 of 4")
	p.press("G", "/", "client:198.51.100.7", "Enter")
	p.until("that fit")
	p.press("Esc")
	p.until("of 4, 9 cases")
	p.press("/", "sev", "Tab", "crit", "Tab", "Enter")
	p.until("of 2 that fit")
}

// A mistake is told where it was made, and is not applied.
func TestFilterMistake(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("row 1 of 4")
	p.press("/", "severity>=hgih", "Enter")
	p.until(`severity "hgih" is none of critical high medium low info`)
	p.press("Backspace2", "Backspace2", "Backspace2", "Backspace2", "high")
	p.press("Enter")
	p.until("that fit")
}

func TestChoices(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("row 1 of 4")
	p.press("/", "s")
	p.until("Tab: severity>=  status:  server:")
	p.press("Down", "Down", "Up", "Tab")
	p.until("Filter: status:")
	p.press("ne", "Tab", "Enter")
	p.until("status:new")
	p.until("that fit")
}

func TestCommands(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 80, 24)
	p.until("row 1 of 4")
	for _, tt := range []struct{ typed, shows string }{
		{"overview", "Top servers"}, {"sess", "row 1 of 7"}, {"servers", "WORST    SERVER"}, {"clients", "CLIENT"}, {"acc", "ACCOUNT"},
		{"rules", "WHAT IS WRONG"}, {"cases", "row 1 of 4"}, {"filter severity:critical", "row 1 of 2 that fit"}, {"filter", "of 4, 9 cases"},
		{"sort server", "SERVER↓"}, {"sort x", "error: sort by one of: severity"}, {"refresh", "q quit"}, {"help", "Keys"},
	} {
		p.press(":")
		p.until("Command:")
		p.press(tt.typed, "Enter")
		p.until(tt.shows)
	}
	p.press("q", ":", "nonsense", "Enter")
	p.until("no such command")
	p.press("Ctrl-U", "so", "Tab", "cou", "Tab", "Enter")
	p.until("COUNT↓")
}

// From a server to its cases, a case, its sessions and one of them, and back
// the same way to the same rows.
func TestWay(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 120, 40)
	p.until("row 1 of 4")
	p.walk(steps{
		{"4", "servers"}, {"Down", "row 2 of 5"}, {"Enter", "row 1 of 1, 3 cases that fit"}, {"Space", "row 1 of 3 that fit"},
		{"Down", "row 2 of 3"}, {"Enter", "Why it matters"}, {"l", "row 1 of 1"}, {"Enter", "IMAP from"},
		{"Esc", "row 1 of 1"}, {"q", "Why it matters"}, {"Esc", "row 2 of 3"}, {"Esc", "row 2 of 5"},
		{"6", "accounts"}, {"l", "sessions of"}, {"Esc", "accounts"}, {"4", "row 2 of 5"},
	})
}

// J and K go through the cases without the list between.
func TestNeighbours(t *testing.T) {
	p := run(t, &generated{cases: 5000}, 80, 24)
	p.until("user0 ")
	p.walk(steps{
		{"Down", "row 2 of 5000"}, {"Enter", "(user1)"}, {"J", "(user2)"}, {"J", "(user3)"}, {"K", "(user2)"}, {"K", "(user1)"}, {"K", "(user0)"},
		{"K", "(user0)"}, {"q", "row 1 of 5000"},
	})
}

func TestResize(t *testing.T) {
	_, source := database(t, results()...)
	p := run(t, source, 200, 50)
	p.until("row 1 of 4")
	for _, size := range []struct{ width, height int }{{80, 24}, {1, 1}, {7, 3}, {300, 4}, {200, 50}} {
		p.Resize(size.width, size.height)
		p.wait("the new size", func(text string) bool { return strings.Count(text, "\n") == size.height })
		p.press("G", "Enter", "PgDn", "?", "PgDn", "q", "q", "1", "4", "3", "2", "g")
	}
	p.golden("cases-200x50")
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
		strings.Repeat("x", 10_000), strings.Repeat("日", 5000), strings.Repeat("\u0301", 10_000), "مرحبا", "한국", strings.Repeat("[red]", 200), "\xff\xfe", "line\nbreak", "",
	}
	source := &generated{cases: len(names), name: func(n int) string { return names[n] }}
	for _, width := range []int{80, 200} {
		p := run(t, source, width, 24)
		p.until("row 1 of")
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
			p.until(onCase)
			checkCells(t, p)
			p.press("q")
			p.until(onCases)
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

// Texts that stand beside each other make no tag together.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"[red\x00]", "[\x00red]", "[\x00-:-:-]", "[re\x00d]x[\x00]", "a[[\x00]b", "[::\x00b]"} {
		f.Add(s, uint8(0), uint8(1))
		f.Add(s, uint8(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, texts string, a, b uint8) {
		styles := []render.Style{render.Style(int(a) % render.Styles), render.Style(int(b) % render.Styles)}
		got, want := view.ShownLine(strings.Split(texts, "\x00"), styles)
		if got != want {
			t.Errorf("%q is shown as %q, want %q", texts, got, want)
		}
	})
}
