package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func findingsCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "list findings that are stored, the newest first",
		Example: `  mailtap findings --min-severity high
  mailtap findings --account joe --since 24h --format csv > joe.csv`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runList(cmd.Context(), env, &o, findingWriters, (*store.Reader).AllFindings)
		},
	}
	o.addFlags(cmd, env)
	o.addRuleFlags(cmd)
	return cmd
}

var findingWriters = rowWriters[alerts.Finding]{
	table:    (*export.Table).Finding,
	csv:      (*export.CSV).Finding,
	json:     (*export.JSONL).Finding,
	newTable: export.NewTable,
	newCSV:   export.NewFindingsCSV,
}
