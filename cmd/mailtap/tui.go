package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/export"
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
	file := &databaseFile{path: path}
	file.opened()
	options := view.Options{Database: path, Who: userName(), Filters: env.filtersPath(), Live: live}
	if live != nil {
		options.Filters = filtersBeside(path)
	}
	options.Packets = func(ctx context.Context, file view.PacketFile) (string, error) { return writePackets(ctx, r, file) }
	// Whoever may read the database and not write it looks, and is told why
	// nothing can be decided.
	t, err := store.OpenTriage(path)
	if err == nil {
		defer t.Close()
		options.Triage = keptTriage{t, file}
	} else {
		options.ReadOnly = err.Error()
	}
	return view.Run(ctx, keptReader{r, file}, options)
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
// a file and says what it did.
func writePackets(ctx context.Context, r *store.Reader, file view.PacketFile) (string, error) {
	var ids []string
	for _, id := range file.Sessions {
		ids = append(ids, id.String())
	}
	wanted, err := wantedSessions(r, store.Filter{}, ids)
	if err != nil {
		return "", err
	}
	if err := notAnInput(file.Path, wanted, nil); err != nil {
		return "", err
	}
	var report evidence.Report
	err = export.WriteFile(file.Path, file.Replace, func(w io.Writer) (err error) {
		report, err = evidence.Export(ctx, counting{w, file.Written}, wanted, evidence.Options{Program: "mailtap " + version})
		if err == nil && report.Packets == 0 {
			err = noPackets(report.Remarks)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	did := fmt.Sprintf("%s of %s", numbered(report.Packets, "packet", "packets"), numbered(report.Sessions, "session", "sessions"))
	return strings.Join(append([]string{did}, report.Remarks...), "; "), nil
}

// noPackets says why there are none, and what may help.
func noPackets(remarks []string) error {
	why := "no packets"
	if len(remarks) > 0 {
		why += ": " + remarks[0]
	}
	if n := len(remarks) - 1; n > 0 {
		why += fmt.Sprintf("; and %d more", n)
	}
	return fmt.Errorf("%s; 'mailtap export pcap --captures' looks elsewhere", why)
}

// counting tells how many bytes are written.
type counting struct {
	w       io.Writer
	written func(int)
}

func (c counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.written(n)
	return n, err
}

// liveCounts is what the terminal UI shows of a capture that runs behind it.
func (s *sensor) liveCounts() model.Live {
	p := s.progress()
	return model.Live{Packets: p.packets, Bytes: p.bytes, Dropped: p.dropped, Open: p.open}
}
