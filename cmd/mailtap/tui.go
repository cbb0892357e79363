package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/ui/model"
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
Press ? there for the keys.

Filters that are saved by name are kept in mailtap/filters.json under
$XDG_CONFIG_HOME or ~/.config; those of 'mailtap capture --tui', which may not
write there, beside its database. Colours are off with NO_COLOR set.`,
		Example: "  mailtap tui --db /var/lib/mailtap/mailtap.db",
		Args:    arguments(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return tui(cmd.Context(), env, database, nil) },
	}
	databaseFlag(cmd, env, &database)
	return cmd
}

// tui shows a database. live tells what a capture of this process has seen; nil
// where none runs.
func tui(ctx context.Context, env *environment, database string, live func() model.Live) error {
	r, err := env.reader(database)
	if err != nil {
		return err
	}
	defer r.Close()
	if !isTerminal(env.stdout) {
		return errors.New("the terminal UI needs a terminal; 'mailtap cases' and 'mailtap findings' write lists")
	}
	path, _ := env.databasePath(database)
	options := view.Options{Database: path, Who: userName(), Filters: env.filtersPath(), Live: live}
	if live != nil {
		options.Filters = filtersBeside(path)
	}
	options.Packets = func(path string, sessions []alerts.SessionID) (string, error) {
		return writePackets(ctx, r, path, sessions)
	}
	// Whoever may read the database and not write it looks, and is told why
	// nothing can be decided.
	t, err := store.OpenTriage(path)
	if err == nil {
		defer t.Close()
		options.Triage = t
	} else {
		options.ReadOnly = err.Error()
	}
	return view.Run(ctx, r, options)
}

// filtersPath is where saved filters are kept, "" where there is no folder.
func (env *environment) filtersPath() string {
	folder := env.getenv("XDG_CONFIG_HOME")
	if home := env.getenv("HOME"); folder == "" && home != "" {
		folder = filepath.Join(home, ".config")
	}
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, "mailtap", "filters.json")
}

// filtersBeside is where a capture keeps filters: once it is confined it may
// write to the folder of its database only.
func filtersBeside(database string) string { return database + ".filters" }

// writePackets writes the packets of sessions, passwords made unreadable, into
// a new file and says what it did.
func writePackets(ctx context.Context, r *store.Reader, path string, sessions []alerts.SessionID) (string, error) {
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s is there already: name another file", path)
	}
	var ids []string
	for _, id := range sessions {
		ids = append(ids, id.String())
	}
	wanted, err := wantedSessions(r, store.Filter{}, ids)
	if err != nil {
		return "", err
	}
	var report evidence.Report
	err = createFile(path, false, func(w io.Writer) (err error) {
		buffered := bufio.NewWriter(w)
		report, err = evidence.Export(ctx, buffered, wanted, evidence.Options{Program: "mailtap " + version})
		if err == nil && report.Packets == 0 {
			err = errors.New(strings.Join(append([]string{"no packets"}, report.Remarks...), "; "))
		}
		return errors.Join(err, buffered.Flush())
	})
	if err != nil {
		return "", err
	}
	did := fmt.Sprintf("%d packets of %d sessions", report.Packets, report.Sessions)
	return strings.Join(append([]string{did}, report.Remarks...), "; "), nil
}

// liveCounts is what the terminal UI shows of a capture that runs behind it.
func (s *sensor) liveCounts() model.Live {
	p := s.progress()
	return model.Live{Packets: p.packets, Bytes: p.bytes, Dropped: p.dropped, Open: p.open}
}
