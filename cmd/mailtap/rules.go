package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// ruleWidth is the width of a rule's page, in letters: one of 80 columns shows it
// whole.
const ruleWidth = 80

func rulesCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "rules [ID]",
		Short: "explain what is looked for, why it matters and what to do",
		Example: `  mailtap rules
  mailtap rules base64-password`,
		Args: arguments(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listRules(env.stdout)
			}
			if rules.Find(args[0]) == nil {
				return unknownRule(args[0])
			}
			return writeRule(env.stdout, rules.Find(args[0]))
		},
	}
}

func listRules(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tSEVERITY\tBLAMES\tWHAT IS WRONG")
	for i := range rules.Rules {
		r := &rules.Rules[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.ID, r.Severity, r.Blame, r.Title)
	}
	return t.Flush()
}

func writeRule(w io.Writer, r *rules.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nseverity %s, blames the %s\n", r.ID, r.Title, r.Severity, r.Blame)
	section(&b, "Why it matters", r.Why)
	section(&b, "Who can exploit it", r.Who.String())
	section(&b, "What to do", r.Fix)
	settings(&b, r.Config)
	if len(r.Clients) > 0 {
		fmt.Fprintf(&b, "\nIn the mail program\n")
		settings(&b, r.Clients)
	}
	section(&b, "References", r.Refs...)
	_, err := io.WriteString(w, b.String())
	return err
}

// section writes a title and paragraphs below it.
func section(b *strings.Builder, title string, paragraphs ...string) {
	fmt.Fprintf(b, "\n%s\n", title)
	for _, text := range paragraphs {
		wrapped(b, text, "  ", "  ")
	}
}

// settings writes what to set, program by program. A long one goes on further
// to the right, which Postfix takes for one line, too.
func settings(b *strings.Builder, list []dissect.Pair) {
	for i, s := range list {
		if i == 0 || s.Key != list[i-1].Key {
			fmt.Fprintf(b, "\n  %s:\n", s.Key)
		}
		wrapped(b, s.Value, "      ", "          ")
	}
}

// wrapped writes words in lines of at most ruleWidth letters, but for words that
// are longer.
func wrapped(b *strings.Builder, text, first, next string) {
	line := first
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == first || line == next:
			line += word
		case len(line)+1+len(word) > ruleWidth:
			fmt.Fprintln(b, line)
			line = next + word
		default:
			line += " " + word
		}
	}
	fmt.Fprintln(b, line)
}
