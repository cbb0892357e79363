package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
)

const readme = "README.md"

// TestReadme runs the commands that README.md shows, in order and with one
// database, and makes its tables anew. -update writes what has changed.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	text := readReadme(t)
	now := rewriteReadme(t, text)
	if text == now {
		return
	}
	if *update {
		if err := os.WriteFile(readme, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("(-README.md +now):\n%s", cmp.Diff(text, now))
}

func readReadme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rewriteReadme returns the page with all that is made of the program.
func rewriteReadme(t *testing.T, text string) string {
	const fence, prompt, end = "```\n", "$ mailtap ", "<!-- end -->\n"
	tables := map[string]func() string{"<!-- commands -->\n": commandsTable, "<!-- rules -->\n": rulesTable}
	database := filepath.Join(t.TempDir(), "mailtap.db")
	var out strings.Builder
	until, commands := "", 0 // the line that ends what is left out
	for line := range strings.Lines(text) {
		if line == until {
			until = ""
		}
		command, isCommand := strings.CutPrefix(line, prompt)
		if until != "" && !isCommand {
			continue
		}
		out.WriteString(line)
		switch table := tables[line]; {
		case isCommand:
			out.WriteString(outputOf(t, database, strings.Fields(command)))
			until = fence
			commands++
		case table != nil:
			out.WriteString(table())
			until = end
			delete(tables, line)
		}
	}
	if commands < 3 || len(tables) > 0 || until != "" {
		t.Fatalf("%d commands are shown, %d tables are missing, and %q is waited for", commands, len(tables), until)
	}
	return out.String()
}

// outputOf returns what a command writes to stdout.
func outputOf(t *testing.T, database string, args []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &environment{
		stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		getenv: func(key string) string { return map[string]string{"MAILTAP_DB": database}[key] },
	}
	if status := run(args, env); status != statusDone {
		t.Fatalf("mailtap %s: exit status %d\n%s", strings.Join(args, " "), status, &stderr)
	}
	return stdout.String()
}

func commandsTable() string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n| --- | --- |\n")
	for _, c := range rootCommand(&environment{}).Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&b, "| `mailtap %s` | %s |\n", strings.ReplaceAll(c.Use, "|", `\|`), c.Short)
		}
	}
	return b.String()
}

func rulesTable() string {
	var b strings.Builder
	b.WriteString("| rule | severity | blames | what is wrong |\n| --- | --- | --- | --- |\n")
	var group rules.Group
	for _, r := range rules.Rules {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(&b, "| **%s** | | | |\n", group)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.ID, r.Severity, r.Blame, r.Title)
	}
	return b.String()
}

// Every verdict is explained, and every flag and make target that the page
// names is there.
func TestReadmeNames(t *testing.T) {
	t.Chdir("../..")
	text := readReadme(t)
	for v := alerts.UnknownVerdict; v <= alerts.Exposed; v++ {
		if !strings.Contains(text, fmt.Sprintf("\n| `%s` | ", v)) {
			t.Errorf("verdict %s is not explained", v)
		}
	}
	flags := map[string]bool{"help": true}
	for _, c := range rootCommand(&environment{}).Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
	}
	for _, flag := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(text, -1) {
		if !flags[flag[1]] {
			t.Errorf("no command has the flag --%s", flag[1])
		}
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`make ([a-z-]+)`").FindAllStringSubmatch(text, -1)
	if len(named) == 0 {
		t.Error("no target is named")
	}
	for _, target := range named {
		if !regexp.MustCompile(`(?m)^` + target[1] + `:`).Match(makefile) {
			t.Errorf("there is no %s", target[0])
		}
	}
}

// Lines can be read in a terminal, except what programs write and tables.
func TestReadmeWidth(t *testing.T) {
	const width = 120
	t.Chdir("../..")
	for i, block := range strings.Split(readReadme(t), "```") {
		for line := range strings.Lines(block) {
			if n := len([]rune(line)) - 1; i%2 == 0 && n > width && !strings.HasPrefix(line, "|") {
				t.Errorf("%d columns, more than %d: %s", n, width, line)
			}
		}
	}
}
