package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func sessionsCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "list mail sessions that are stored, the newest first",
		Example: `  mailtap sessions --verdict exposed
  mailtap sessions --server :143 --format jsonl`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runList(cmd.Context(), env, &o, sessionWriters, (*store.Reader).AllSessions)
		},
	}
	o.addFlags(cmd, env)
	cmd.Flags().StringSliceVar(&o.verdicts, "verdict", nil, "only sessions of this `VERDICT`, or several with commas: exposed, weak, clear, protected, unknown")
	return cmd
}

var sessionWriters = rowWriters[alerts.Session]{
	table:    (*export.Table).Session,
	csv:      (*export.CSV).Session,
	json:     (*export.JSONL).Session,
	newTable: export.NewSessionsTable,
	newCSV:   export.NewSessionsCSV,
}
