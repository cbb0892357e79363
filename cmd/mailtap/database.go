package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// systemDatabase is where the service keeps its findings.
const systemDatabase = "/var/lib/mailtap/mailtap.db"

// noDatabase as --db keeps nothing.
const noDatabase = "none"

// databaseFlag adds --db.
func databaseFlag(cmd *cobra.Command, env *environment, path *string) {
	cmd.Flags().StringVar(path, "db", "", `database of findings, "none" to keep nothing (default $MAILTAP_DB,
else `+systemDatabase+` if it exists or for root,
else mailtap/mailtap.db under $XDG_STATE_HOME or ~/.local/state)`)
}

// databasePath settles which database is meant, and whether it was named.
func (env *environment) databasePath(flag string) (path string, named bool) {
	if flag != "" {
		return flag, true
	}
	if path := env.getenv("MAILTAP_DB"); path != "" {
		return path, true
	}
	if _, err := os.Stat(systemDatabase); err == nil || os.Geteuid() == 0 {
		return systemDatabase, false
	}
	state := env.getenv("XDG_STATE_HOME")
	if state == "" {
		state = filepath.Join(env.getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "mailtap", "mailtap.db"), false
}
