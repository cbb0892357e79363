package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

// maxOffered is how many cases a shell is given to choose from, the most severe.
const maxOffered = 200

// caseIDs completes the ids of cases, with what they are about; nothing where
// there is no database that may be read.
func (env *environment) caseIDs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	r, err := env.reader(cmd.Flag("db").Value.String())
	if err != nil {
		return nil, directive
	}
	defer r.Close()
	cases, err := r.Cases(store.Filter{Limit: maxOffered, Now: time.Now().UnixNano()})
	if err != nil {
		return nil, directive
	}
	var offers []string
	for i := range cases {
		if id := cases[i].ID.String(); strings.HasPrefix(id, typed) && !slices.Contains(args, id) {
			offers = append(offers, id+"\t"+export.Clean(about(&cases[i])))
		}
	}
	return offers, directive
}

// about says in a few words what a case is.
func about(c *alerts.Case) string {
	text := c.Severity.String() + " " + c.Rule + " " + c.Server
	for _, more := range []string{c.Client, c.Account} {
		if more != "" {
			text += " " + more
		}
	}
	return text
}
