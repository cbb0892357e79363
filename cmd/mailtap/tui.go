package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/ui/view"
)

func tuiCommand(env *environment) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "tui",
		Short: "look through cases in the terminal",
		Long: `Shows the cases that are stored, with their evidence, in the terminal, to look
through and to decide on; also sessions, servers, clients, accounts and rules,
and how all of it adds up. A capture may write to the same database meanwhile.
Press ? there for the keys.`,
		Example: "  mailtap tui --db /var/lib/mailtap/mailtap.db",
		Args:    arguments(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return tui(cmd.Context(), env, database) },
	}
	databaseFlag(cmd, env, &database)
	return cmd
}

func tui(ctx context.Context, env *environment, database string) error {
	r, err := env.reader(database)
	if err != nil {
		return err
	}
	defer r.Close()
	if !isTerminal(env.stdout) {
		return errors.New("the terminal UI needs a terminal; 'mailtap cases' and 'mailtap findings' write lists")
	}
	path, _ := env.databasePath(database)
	options := view.Options{Database: path, Who: userName()}
	// Whoever may read the database and not write it looks, and has no keys to
	// change anything.
	if t, err := store.OpenTriage(path); err == nil {
		defer t.Close()
		options.Triage = t
	}
	return view.Run(ctx, r, options)
}
