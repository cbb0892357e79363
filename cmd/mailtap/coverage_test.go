package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts/rules"
)

// TestRulesByCapture writes for each rule in which captures of real programs it
// holds, and in which it does not although they have sessions of the same
// protocol and transport, and compares that with a file. The captures are the
// samples, judged with a policy, and what TestLiveServers lets real programs do
// ("live:").
func TestRulesByCapture(t *testing.T) {
	captures := liveCaptures(t)
	for _, file := range sampleFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".pcap")
		captures = append(captures, captureOf(name, told(objects(t, analyzed(t, "--policy", "testdata/rules-by-capture.toml", file)), name)))
	}
	slices.SortFunc(captures, func(a, b judgedCapture) int { return strings.Compare(a.name, b.name) })

	var table strings.Builder
	table.WriteString("# Which captures of real programs each rule holds in, and in which it rightly does not.\n")
	for _, r := range rules.Rules {
		judged := captures
		if r.ID == "policy-violation" { // scenes have no policy
			judged = slices.DeleteFunc(slices.Clone(captures), func(c judgedCapture) bool { return strings.HasPrefix(c.name, "live:") })
		}
		holds, not := byRule(judged, r.ID)
		switch {
		case len(holds) == 0:
			t.Errorf("%s holds in no capture: make one", r.ID)
		case len(not) == 0:
			t.Errorf("%s holds in every capture of its kind", r.ID)
		}
		fmt.Fprintf(&table, "\n%s\n", r.ID)
		writeNames(&table, "holds", holds)
		writeNames(&table, "not", not)
	}
	file := filepath.Join("testdata", "rules-by-capture.txt")
	if *update {
		if err := os.WriteFile(file, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(readFile(t, file)), table.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// told writes what was found as samples/want.txt does, with severities.
func told(list []object, name string) []string {
	for i := range list {
		if list[i].Type == "finding" {
			list[i].Rule += " " + list[i].Severity
		}
	}
	return found(list, name)
}

// judgedCapture is a capture with the kinds of its sessions, a protocol and a
// transport each, and the rules that hold in each kind.
type judgedCapture struct {
	name  string
	kinds map[string][]string
}

// captureOf reads lines as told writes them: a session, then its findings.
func captureOf(name string, lines []string) judgedCapture {
	c := judgedCapture{name, map[string][]string{}}
	kind := ""
	for _, line := range lines {
		switch words := strings.Fields(line); words[0] {
		case "session":
			kind = words[2] + " " + words[5]
			c.kinds[kind] = append(c.kinds[kind], "")
		case "finding":
			c.kinds[kind] = append(c.kinds[kind], words[2])
		}
	}
	return c
}

// liveCaptures reads what TestLiveServers holds, each scene a capture.
func liveCaptures(t *testing.T) []judgedCapture {
	files, err := filepath.Glob("testdata/live/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of live captures, %v", len(files), err)
	}
	var captures []judgedCapture
	for _, file := range files {
		byName := map[string][]string{}
		for line := range strings.Lines(string(readFile(t, file))) {
			name := strings.Fields(line)[1]
			byName[name] = append(byName[name], strings.TrimSpace(line))
		}
		for name, lines := range byName {
			if name == mirrorName {
				name = strings.TrimSuffix(filepath.Base(file), ".txt")
			}
			captures = append(captures, captureOf("live:"+name, lines))
		}
	}
	return captures
}

// mirrorName stands for the capture in files of testdata/live that hold one.
const mirrorName = "mon0"

// byRule returns the names of captures in which a rule holds, and of those
// with sessions of the same kind in which it does not.
func byRule(captures []judgedCapture, rule string) (holds, not []string) {
	var kinds []string
	for _, c := range captures {
		for kind, held := range c.kinds {
			if slices.Contains(held, rule) {
				kinds = append(kinds, kind)
				holds = append(holds, c.name)
			}
		}
	}
	holds = slices.Compact(holds)
	for _, c := range captures {
		if !slices.Contains(holds, c.name) && slices.ContainsFunc(kinds, func(kind string) bool { return c.kinds[kind] != nil }) {
			not = append(not, c.name)
		}
	}
	return holds, not
}

// tableWidth is how many columns a line of the table has at most.
const tableWidth = 100

// writeNames writes words behind a heading, in lines of the table's width.
func writeNames(w *strings.Builder, heading string, names []string) {
	line := fmt.Sprintf("  %-5s", heading)
	for _, name := range names {
		if len(line)+1+len(name) > tableWidth {
			fmt.Fprintln(w, line)
			line = fmt.Sprintf("  %-5s", "")
		}
		line += " " + name
	}
	if len(names) > 0 {
		fmt.Fprintln(w, line)
	}
}
