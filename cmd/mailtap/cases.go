package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func casesCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "list cases, the most severe first: findings with the same cause",
		Long: `Lists cases, the most severe first. A case collects the findings of one rule
that have the same cause: a server, a client of it, or an account.`,
		Example: `  mailtap cases --min-severity high --status new
  mailtap cases --server 10.0.0.9 --format json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runList(cmd.Context(), env, &o, caseWriters, (*store.Reader).AllCases)
		},
	}
	o.addFlags(cmd, env)
	o.addRuleFlags(cmd)
	return cmd
}

var caseWriters = rowWriters[alerts.Case]{
	table:    (*export.Table).Case,
	csv:      (*export.CSV).Case,
	json:     (*export.JSONL).Case,
	newTable: export.NewCasesTable,
	newCSV:   export.NewCasesCSV,
}
