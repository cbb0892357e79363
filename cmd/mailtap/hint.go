package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// maxTypos is how many letters a hint may differ from what was typed.
const maxTypos = 2

// unknownCommand says which command may have been meant.
func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return errors.New(fmt.Sprintf("there is no command %q", name) + hint(name, names, ""))
}

// unknownRule says which rule may have been meant.
func unknownRule(id string) error {
	return usageError{fmt.Errorf("there is no rule %q%s: 'mailtap rules' lists them", id, hint(id, ruleIDs(), ""))}
}

// wrongFlag says which flag may have been meant, or what its value has to be.
func wrongFlag(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if f := invalid.GetFlag(); valueOf(f) != "" {
			err = fmt.Errorf("--%s %s: not %s", f.Name, invalid.GetValue(), valueOf(f))
		}
		return usageError{err}
	}
	typed, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return usageError{err}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return usageError{errors.New(err.Error() + hint(typed, names, "--"))}
}

// valueOf says in words what a flag takes, "" where pflag says it well.
func valueOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "a time, as in 90s, 15m or 24h"
	case "int", "int64", "uint", "uint64":
		return "a number that fits"
	case "bool":
		return "true or false"
	}
	return ""
}

// hint names what is most like a word that was typed.
func hint(typed string, names []string, prefix string) string {
	best, least := "", maxTypos+1
	for _, name := range names {
		n := distance(typed, name)
		if strings.HasPrefix(name, typed) {
			n = 1
		}
		if n < least {
			best, least = name, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s%s?)", prefix, best)
}

// distance is how many letters must be changed, added or dropped to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
