package render_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/ui/render"
)

// hostile are texts that peers may send to confuse a screen.
var hostile = []string{
	"", "joe", "\x1b[31mred", "\x1b]0;title\x07", "a\r\nb\tc", "\u009b31m", "a\u202etxt.exe", "\u2066x\u2069", "\u200b\u200d\ufeff",
	"e\u0301", "Z" + strings.Repeat("\u0300", 500), "\u0301start", "日本語のアカウント", "a\ufe0f", "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "⸻", "\u3164",
	"\u1100\u1161\u11a8", "한국", "नमस्ते", "綾िॗमस", "[red]x[-]", "[red[]", "[日[]", "[[[", "]]", `["region"]`, "\xff\xfe\x80", "\U000e0041",
	strings.Repeat("x", 10_000), strings.Repeat("日", 5000), strings.Repeat("[red]", 2000), strings.Repeat("\u0301", 10_000), "مرحبا", "\u2028\u2029\u00a0\u00ad",
}

func TestClean(t *testing.T) {
	tests := []struct{ in, want string }{
		{"joe@example.org", "joe@example.org"},
		{`test\joe`, `test\joe`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"a\r\nb", `a\r\nb`},
		{"a\u202eb", `a\u202eb`},
		{"e\u0301", "e\u0301"},
		{"\u0301e", `\u0301e`},
		{"a \u0301e", `a \u0301e`},
		{"e\u0301\u0301\u0301", `e\u0301\u0301\u0301`},
		{"日本", "日本"},
		{"☺\ufe0f", `☺\ufe0f`},
		{"🇩🇪", `\U0001f1e9\U0001f1ea`},
		{"👍🏽", `👍\U0001f3fd`},
		{"\u3164", `\u3164`},
		{"⸻", `\u2e3b`},
		{"\xff", `\xff`},
	}
	for _, tt := range tests {
		if got := render.Clean(tt.in); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestMiddle(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"198.51.100.25:143", 17, "198.51.100.25:143"},
		{"198.51.100.25:143", 16, "198.51.1….25:143"},
		{"abcdef", 5, "ab…ef"},
		{"abcdef", 4, "ab…f"},
		{"abcdef", 1, "…"},
		{"abcdef", 0, ""},
		{"日本語日本語", 7, "日…語"},
		{"日本語日本語", 8, "日本…語"},
	}
	for _, tt := range tests {
		if got := render.Middle(tt.in, tt.width); got != tt.want {
			t.Errorf("%s to %d: %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
	if got := render.Start("SMTP list without STARTTLS", 10); got != "SMTP list…" {
		t.Errorf("start: %q", got)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"one two", 3, []string{"one", "two"}},
		{"abcdefgh ij", 3, []string{"abc", "def", "gh", "ij"}},
		{"日本語", 3, []string{"日", "本", "語"}},
		{"日本語", 0, []string{"日", "本", "語"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, render.Wrap(tt.in, tt.width)); diff != "" {
			t.Errorf("%q to %d (-want +got):\n%s", tt.in, tt.width, diff)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, 17)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = min(max(width, 0), 300)
		c := render.Clean(s)
		checkHarmless(t, c)
		if again := render.Clean(c); len(c) < 1000 && again != c {
			t.Errorf("cleaned twice: %q, once: %q", again, c)
		}
		if fit := render.Fit(c, width); render.Width(fit) != width {
			t.Errorf("%q takes %d columns of %d", fit, render.Width(fit), width)
		}
		words := 0
		for _, line := range render.Wrap(c, width) {
			words += len(line)
			if render.Width(line) > max(width, 2) {
				t.Errorf("line %q is wider than %d", line, width)
			}
		}
		if spaces := strings.Count(c, " "); words < len(c)-spaces || words > len(c) {
			t.Errorf("%d bytes came out of %d in %q", words, len(c), c)
		}
	})
}

// checkHarmless tells text that could do more to a terminal than be read.
func checkHarmless(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q is no UTF-8", s)
	}
	marks := 0
	for i, r := range s {
		if !unicode.IsPrint(r) {
			t.Errorf("%q has %U", s, r)
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if marks > 2 || i == 0 && marks > 0 {
			t.Errorf("%q has too many marks", s)
		}
	}
}

func TestShort(t *testing.T) {
	tests := map[int64]string{0: "0", 999_999: "999999", 1_000_000: "1.0M", 1_250_000: "1.2M", 99_999_999: "99.9M", 100_000_000: "100M", 12_345_000_000: "12345M"}
	for n, want := range tests {
		if got := render.Short(n); got != want || len(got) > 6 {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
