package main

import (
	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func serversCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "servers",
		Short: "list servers, the worst first: who offers no TLS",
		Long: `Lists servers, each address and port by itself, the worst first: sessions by
verdict, and the accounts that leaked there. A server counts by sessions and
findings that fit the flags.

STARTTLS says what the newest sessions were offered; "-" is not known, as where
TLS begins with the first byte. ACCOUNTS are those named in exposed sessions,
SOFTWARE is what the greeting, or IMAP's ID, says. CASES are the open ones.`,
		Example: `  mailtap servers
  mailtap servers --rule starttls-not-offered --format csv > no-tls.csv`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runParties(cmd.Context(), env, &o, "servers", serverWriters, (*store.Reader).Servers)
		},
	}
	o.addPartyFlags(cmd, env)
	return cmd
}

var serverWriters = rowWriters[alerts.Party]{
	table:    (*export.Table).Server,
	csv:      (*export.CSV).Server,
	json:     (*export.JSONL).Server,
	newTable: export.NewServersTable,
	newCSV:   export.NewServersCSV,
}
