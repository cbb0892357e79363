package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// arrows are the imports that the design allows, first match first: a package
// that matches from may import, of ours, only what matches to.
var arrows = []struct{ from, to string }{
	{`^capture$`, `^$`},
	{`^capture/decode$`, `^capture$`},
	{`^capture/reassembly$`, `^capture/decode$`},
	{`^dissect$`, `^$`},
	{`^dissect/(line|sasl|tls)$`, `^dissect$`},
	{`^dissect/message$`, `^dissect(/line)?$`},
	{`^dissect/session$`, `^dissect(/[a-z0-9]+)?$`},
	{`^dissect/imap$`, `^dissect(/line|/sasl|/message|/imap/inflate)?$`},
	{`^dissect/imap/inflate$`, `^$`},
	{`^dissect/internal/`, `^dissect$`},
	{`^dissect/[a-z0-9]+$`, `^dissect(/line|/sasl|/message)?$`},
	{`^alerts$`, `^dissect$`},
	{`^alerts/(rules|policy|export)$`, `^(dissect|alerts)$`},
	{`^alerts/store/record$`, `^(dissect|alerts)$`},
	{`^alerts/store$`, `^(dissect|alerts|alerts/store/record)$`},
	{`^alerts/judge$`, `^(dissect|alerts|alerts/rules|alerts/policy)$`},
	{`^ui/model$`, `^(dissect|alerts(/[a-z]+)?)$`},
	{`^ui/render$`, `^(dissect|alerts(/[a-z]+)?|ui/model)$`},
	{`^ui/view$`, `^(dissect|alerts(/[a-z]+)?|ui/model|ui/render)$`},
	{`^cmd/`, ``},
}

// theirs are packages of others that a layer keeps out.
var theirs = []struct{ from, not string }{
	{`^(capture|dissect|alerts|ui/model|ui/render)(/|$)`, `^github.com/(rivo/tview|gdamore/tcell)`},
	{`^(capture|dissect|ui|cmd)(/|$)`, `^(database/sql|github.com/mattn/go-sqlite3)$`},
	{`^dissect(/[a-z0-9]+)?$`, `^(os|net|sync|log)$`},
}

// sqliteVersion is the one look at the SQL library outside the store:
// 'mailtap version' names what the program is built with.
const sqliteVersion = "cmd/mailtap imports github.com/mattn/go-sqlite3"

func TestImportsRunOneWay(t *testing.T) {
	const module = "github.com/mailtap/mailtap/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from := strings.TrimPrefix(words[0], module)
		allowed := arrowOf(from)
		if allowed == nil {
			t.Errorf("package %s has no place in the design", from)
			continue
		}
		for _, imported := range words[1:] {
			if to, ours := strings.CutPrefix(imported, module); ours {
				if !allowed.MatchString(to) {
					t.Errorf("%s must not import %s", from, to)
				}
				continue
			}
			for _, rule := range theirs {
				if matches(rule.from, from) && matches(rule.not, imported) && from+" imports "+imported != sqliteVersion {
					t.Errorf("%s must not import %s", from, imported)
				}
			}
		}
	}
}

func arrowOf(from string) *regexp.Regexp {
	for _, a := range arrows {
		if matches(a.from, from) {
			return regexp.MustCompile(a.to)
		}
	}
	return nil
}

func matches(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }
