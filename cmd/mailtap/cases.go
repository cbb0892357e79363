package main

import (
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
)

func casesCommand(env *environment) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "list cases, the most severe first: findings with the same cause",
		Long: `Lists cases, the most severe first. A case collects the findings of one rule
that have the same cause: a server, a client of it, or an account.`,
		Example: `  mailtap cases --min-severity high --status new
  mailtap cases --server 10.0.0.9 --format json`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return listCases(env, &o) },
	}
	o.addFlags(cmd, env)
	o.addRuleFlags(cmd)
	return cmd
}

func listCases(env *environment, o *listOptions) error {
	f, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	w, err := casesWriter(env, o.format)
	if err != nil {
		return err
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	return list(allCases(r, f), o.limit, w)
}

// allCases goes through all cases, page by page.
func allCases(r *store.Reader, f store.Filter) iter.Seq2[alerts.Case, error] {
	return func(yield func(alerts.Case, error) bool) {
		for {
			page, err := r.Cases(f)
			if err != nil {
				yield(alerts.Case{}, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
			}
			f.Offset += len(page)
		}
	}
}

func casesWriter(env *environment, format string) (rowWriter[alerts.Case], error) {
	switch format {
	case formatTable:
		t := export.NewCasesTable(env.stdout, env.colour())
		return rowWriter[alerts.Case]{t.Case, t.Flush}, nil
	case formatCSV:
		c := export.NewCasesCSV(env.stdout)
		return rowWriter[alerts.Case]{c.Case, c.Flush}, nil
	case formatJSONL:
		return rowWriter[alerts.Case]{export.NewJSONL(env.stdout).Case, nothing}, nil
	case formatJSON:
		a := export.NewArray(env.stdout)
		return rowWriter[alerts.Case]{export.NewJSONL(a).Case, a.Close}, nil
	}
	return rowWriter[alerts.Case]{}, unknownFormat(format)
}
