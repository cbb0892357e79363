package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func clientsCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "clients",
		Short: "list clients, the worst first: who goes without TLS",
		Long: `Lists clients, the worst first: their sessions by verdict, and whether they use
TLS. A client counts by the sessions and findings that fit the flags.

TLS says "used" if a session was in TLS, "ignored" if none was although the
server offered STARTTLS, else "not-used"; "-" is not known. That, and NAMES,
which a client gives itself (HELO, IMAP's ID), are told by the newest sessions.
CASES are the open ones that blame the client or the way to it.`,
		Example: `  mailtap clients --rule starttls-not-used
  mailtap clients --verdict exposed,weak --since 168h --format json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runParties(cmd.Context(), env, &o, "clients", clientWriters, (*store.Reader).Clients)
		},
	}
	o.addPartyFlags(cmd, env)
	return cmd
}

var clientWriters = rowWriters[alerts.Party]{
	table:    (*export.Table).Client,
	csv:      (*export.CSV).Client,
	json:     (*export.JSONL).Client,
	newTable: export.NewClientsTable,
	newCSV:   export.NewClientsCSV,
}
