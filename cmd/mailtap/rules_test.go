package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts/rules"
)

// A rule's page has all its parts, in 80 columns.
func TestRulePages(t *testing.T) {
	for i := range rules.Rules {
		r := &rules.Rules[i]
		var b bytes.Buffer
		if err := writeRule(&b, r); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		if !strings.HasPrefix(page, r.ID+": "+r.Title+"\n\nseverity "+r.Severity.String()+", blames the ") {
			t.Errorf("%s begins otherwise:\n%s", r.ID, page)
		}
		rest := page
		for _, head := range []string{"Why it matters", "Who can exploit it", "What to do", "References"} {
			_, after, there := strings.Cut(rest, "\n\n"+head+"\n  ")
			if !there {
				t.Fatalf("%s: no %q in its place:\n%s", r.ID, head, page)
			}
			rest = after
		}
		if got := strings.Contains(page, "\n\nIn the mail program\n"); got != (len(r.Clients) > 0) {
			t.Errorf("%s tells of mail programs: %v", r.ID, got)
		}
		if longest(page) > ruleWidth+1 { // with the line end
			t.Errorf("%s is wider than %d columns:\n%s", r.ID, ruleWidth, page)
		}
	}
}

func TestWrapped(t *testing.T) {
	word := strings.Repeat("w", 30)
	for text, want := range map[string]string{
		"one":                                    "> one\n",
		strings.Repeat(word+" ", 3):              "> " + word + " " + word + "\n>> " + word + "\n",
		strings.Repeat("l", ruleWidth) + " more": "> " + strings.Repeat("l", ruleWidth) + "\n>> more\n",
	} {
		var b strings.Builder
		wrapped(&b, text, "> ", ">> ")
		if b.String() != want {
			t.Errorf("got\n%swant\n%s", b.String(), want)
		}
	}
}
