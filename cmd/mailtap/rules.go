package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/rules"
)

// ruleWidth is the width of a rule's page.
const ruleWidth = 78

func rulesCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "rules [ID]",
		Short: "explain what is looked for: what it means, why it matters, what to do",
		Example: `  mailtap rules
  mailtap rules base64-password`,
		Args: arguments(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, r := range rules.Rules {
				ids = append(ids, r.ID)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listRules(env.stdout)
			}
			rule := rules.Find(args[0])
			if rule == nil {
				return usageError{fmt.Errorf("there is no rule %q: 'mailtap rules' lists them", args[0])}
			}
			return writeRule(env.stdout, rule)
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
	section(&b, "What to do", r.Fix)
	for i, c := range r.Config {
		if i == 0 || c.Key != r.Config[i-1].Key {
			fmt.Fprintf(&b, "\n  %s:\n", c.Key)
		}
		for line := range strings.Lines(c.Value) {
			fmt.Fprintf(&b, "      %s\n", strings.TrimRight(line, "\n"))
		}
	}
	if len(r.Refs) > 0 {
		fmt.Fprintf(&b, "\nReferences\n  %s\n", strings.Join(r.Refs, "\n  "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func section(b *strings.Builder, title, text string) {
	fmt.Fprintf(b, "\n%s\n", title)
	line := " "
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > ruleWidth {
			fmt.Fprintln(b, line)
			line = " "
		}
		line += " " + word
	}
	fmt.Fprintln(b, line)
}
