package main

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func accountsCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "accounts",
		Short: "list accounts, the worst first: whose log-ins were readable",
		Long: `Lists accounts, the worst first: whose log-ins were readable, from which
clients, on which servers, and when last. An account counts by the sessions and
findings that fit the flags and name it.

EXPOSED counts sessions in which its password or token was readable. PROTECTED
counts those in TLS of its clients with its servers: TLS shows no account, so
where others use the same client and server, it is "-". CASES are the open
ones, MECHANISMS those of the newest sessions.`,
		Example: `  mailtap accounts --since 24h
  mailtap accounts --server 10.0.0.9 --format csv > to-change.csv`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runParties(cmd.Context(), env, &o, "accounts", accountWriters, (*store.Reader).Accounts)
		},
	}
	o.addPartyFlags(cmd, env)
	return cmd
}

var accountWriters = rowWriters[alerts.Party]{
	table:    (*export.Table).Account,
	csv:      (*export.CSV).Account,
	json:     (*export.JSONL).Account,
	newTable: export.NewAccountsTable,
	newCSV:   export.NewAccountsCSV,
}

// addPartyFlags adds the flags of accounts, clients and servers: those of
// findings and of sessions.
func (o *listOptions) addPartyFlags(cmd *cobra.Command, env *environment) {
	o.addFlags(cmd, env)
	o.addRuleFlags(cmd)
	cmd.Flags().StringSliceVar(&o.verdicts, "verdict", nil, "only sessions of this `VERDICT`, or several with commas: exposed, weak, clear, protected, unknown")
}

// runParties writes the accounts, clients or servers that the flags ask for,
// and says what it has left out.
func runParties(ctx context.Context, env *environment, o *listOptions, what string, w rowWriters[alerts.Party],
	read func(*store.Reader, store.Filter, int) (store.Parties, error)) error {
	var p store.Parties
	err := runList(ctx, env, o, w, func(r *store.Reader, f store.Filter) iter.Seq2[alerts.Party, error] {
		return func(yield func(alerts.Party, error) bool) {
			var err error
			if p, err = read(r, f, o.limit); err != nil {
				yield(alerts.Party{}, err)
				return
			}
			for _, one := range p.List {
				if !yield(one, nil) {
					return
				}
			}
		}
	})
	if err != nil {
		return err
	}
	if p.More > 0 {
		env.say("%d more %s: --limit 0 lists all", p.More, what)
	}
	if p.Forgotten > 0 {
		env.say("over %d %s: %d of the least bad were left out, and others may count too low; narrow the list with --since or --server",
			store.MaxParties, what, p.Forgotten)
	}
	return nil
}
