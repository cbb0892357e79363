package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelp holds the help of every command to its promise: it shows examples,
// and what they show can be typed.
func TestHelp(t *testing.T) {
	root := rootCommand(&environment{getenv: func(string) string { return "" }})
	root.InitDefaultHelpFlag()
	commands := slices.DeleteFunc(root.Commands(), cobraOwn)
	if len(commands) < 8 {
		t.Fatalf("only %d commands", len(commands))
	}
	for _, cmd := range commands {
		commands = append(commands, cmd.Commands()...)
	}
	for _, cmd := range append(commands, root) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
			out, _ := mailtap(t, statusDone, args...)
			for _, want := range []string{"Usage:\n  mailtap", "Examples:\n  ", "-h, --help"} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if strings.Contains(out, "\t") || longest(out) > 81 { // with the line's end
				t.Errorf("tabs, or lines of more than 80 letters in\n%s", out)
			}
			for line := range strings.Lines(cmd.Example) {
				checkExample(t, strings.TrimSpace(line))
			}
		})
	}
}

// cobraOwn tells the commands that cobra brings.
func cobraOwn(c *cobra.Command) bool { return c.Name() == "completion" || c.Name() == "help" }

func longest(text string) int {
	most := 0
	for line := range strings.Lines(text) {
		most = max(most, len([]rune(line)))
	}
	return most
}

// ours cuts mailtap's own words out of a line for the shell.
var ours = regexp.MustCompile(`\bmailtap (.*?)( [|>].*)?$`)

// checkExample parses a line of an example, and runs nothing.
func checkExample(t *testing.T, line string) {
	t.Helper()
	match := ours.FindStringSubmatch(line)
	if match == nil {
		t.Errorf("%q runs no mailtap", line)
		return
	}
	root := rootCommand(&environment{getenv: func(string) string { return "" }})
	cmd, args, err := root.Find(strings.Fields(match[1]))
	if err != nil || cmd == root {
		t.Errorf("%q: no such command, %v", line, err)
		return
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Errorf("%q: %v", line, err)
	} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%q: %v", line, err)
	}
}
