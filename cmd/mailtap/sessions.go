package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

func sessionsCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "list mail sessions that are stored, the newest first",
		Example: `  mailtap sessions --verdict exposed
  mailtap sessions --server :143 --format jsonl`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return listSessions(env, &o) },
	}
	o.addFlags(cmd, env)
	cmd.Flags().StringSliceVar(&o.verdicts, "verdict", nil, "only exposed, weak, clear, protected or unknown sessions")
	return cmd
}

func listSessions(env *environment, o *listOptions) error {
	f, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	w, err := sessionsWriter(env, o.format)
	if err != nil {
		return err
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	return list(r.AllSessions(f), o.limit, w)
}

func sessionsWriter(env *environment, format string) (rowWriter[alerts.Session], error) {
	switch format {
	case formatTable:
		t := export.NewSessionsTable(env.stdout, env.colour())
		return rowWriter[alerts.Session]{t.Session, t.Flush}, nil
	case formatCSV:
		c := export.NewSessionsCSV(env.stdout)
		return rowWriter[alerts.Session]{c.Session, c.Flush}, nil
	case formatJSONL:
		return rowWriter[alerts.Session]{export.NewJSONL(env.stdout).Session, nothing}, nil
	case formatJSON:
		a := export.NewArray(env.stdout)
		return rowWriter[alerts.Session]{export.NewJSONL(a).Session, a.Close}, nil
	}
	return rowWriter[alerts.Session]{}, unknownFormat(format)
}
