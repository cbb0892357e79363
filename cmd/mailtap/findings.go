package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

func findingsCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "list findings that are stored, the newest first",
		Example: `  mailtap findings --min-severity high
  mailtap findings --account joe --since 24h --format csv > joe.csv`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return listFindings(env, &o) },
	}
	o.addFlags(cmd, env)
	o.addRuleFlags(cmd)
	return cmd
}

func listFindings(env *environment, o *listOptions) error {
	f, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	w, err := findingsWriter(env, o.format)
	if err != nil {
		return err
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	return list(r.AllFindings(f), o.limit, w)
}

func findingsWriter(env *environment, format string) (rowWriter[alerts.Finding], error) {
	switch format {
	case formatTable:
		t := export.NewTable(env.stdout, env.colour())
		return rowWriter[alerts.Finding]{t.Finding, t.Flush}, nil
	case formatCSV:
		c := export.NewFindingsCSV(env.stdout)
		return rowWriter[alerts.Finding]{c.Finding, c.Flush}, nil
	case formatJSONL:
		return rowWriter[alerts.Finding]{export.NewJSONL(env.stdout).Finding, nothing}, nil
	case formatJSON:
		a := export.NewArray(env.stdout)
		return rowWriter[alerts.Finding]{export.NewJSONL(a).Finding, a.Close}, nil
	}
	return rowWriter[alerts.Finding]{}, unknownFormat(format)
}

func nothing() error { return nil }

func unknownFormat(format string) error {
	return usageError{fmt.Errorf("--format %s: say table, json, jsonl or csv", format)}
}
