package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// listOptions are the flags that the lists share.
type listOptions struct {
	database    string
	format      string
	minSeverity string
	rule        string
	statuses    []string
	protocol    string
	verdicts    []string
	server      string
	client      string
	account     string
	since       string
	until       string
	limit       int
}

// defaultLimit is how many rows a list shows unless --limit says otherwise.
const defaultLimit = 100

// addFlags adds the flags that every list has.
func (o *listOptions) addFlags(cmd *cobra.Command, env *environment) {
	flags := cmd.Flags()
	o.addFilterFlags(cmd, env)
	flags.StringVar(&o.format, "format", formatTable, "`FORMAT` of the rows: table, json, jsonl or csv")
	flags.IntVar(&o.limit, "limit", defaultLimit, "at most `N` rows; 0 for all")
}

// addFilterFlags adds those that say of what.
func (o *listOptions) addFilterFlags(cmd *cobra.Command, env *environment) {
	flags := cmd.Flags()
	databaseFlag(cmd, env, &o.database)
	flags.StringVar(&o.protocol, "protocol", "", "only this `PROTOCOL`: smtp, lmtp, imap, pop3 or managesieve")
	flags.StringVar(&o.server, "server", "", "only servers whose address and port contain this `TEXT`; =10.0.0.9:25 is exactly that one")
	flags.StringVar(&o.client, "client", "", "only clients whose address contains this `TEXT`")
	flags.StringVar(&o.account, "account", "", "only accounts that contain this `TEXT`")
	flags.StringVar(&o.since, "since", "", "only what was captured at or after this `TIME`: 2026-01-31, 2026-01-31T12:00:00Z, or 24h ago")
	flags.StringVar(&o.until, "until", "", "only what was captured before this `TIME`")
}

// addRuleFlags adds those of findings and cases.
func (o *listOptions) addRuleFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.minSeverity, "min-severity", "info", "only this `SEVERITY` or more: info, low, medium, high, critical")
	flags.StringVar(&o.rule, "rule", "", "only this `RULE`; 'mailtap rules' lists them")
	flags.StringSliceVar(&o.statuses, "status", nil, "only cases of this `STATUS`, or several with commas: new, acknowledged, resolved, accepted-risk, false-positive")
}

// filter makes the store's filter of the flags.
func (o *listOptions) filter(now time.Time) (store.Filter, error) {
	f := store.Filter{Now: now.UnixNano(), Rule: o.rule, Server: o.server, Client: o.client, Account: o.account}
	var err error
	if o.minSeverity != "" {
		if f.MinSeverity, err = severity("min-severity", o.minSeverity); err != nil {
			return f, err
		}
	}
	if o.rule != "" && rules.Find(o.rule) == nil {
		return f, unknownRule(o.rule)
	}
	for _, name := range o.statuses {
		s, ok := alerts.ParseStatus(name)
		if !ok {
			return f, usageError{fmt.Errorf("--status %s: say new, acknowledged, resolved, accepted-risk or false-positive", name)}
		}
		f.Statuses = append(f.Statuses, s)
	}
	if o.protocol != "" {
		p, ok := parseProtocol(o.protocol)
		if !ok {
			return f, usageError{fmt.Errorf("--protocol %s: say smtp, lmtp, imap, pop3 or managesieve", o.protocol)}
		}
		f.Protocol = p
	}
	for _, name := range o.verdicts {
		v, ok := parseVerdict(name)
		if !ok {
			return f, usageError{fmt.Errorf("--verdict %s: say exposed, weak, clear, protected or unknown", name)}
		}
		f.Verdicts = append(f.Verdicts, v)
	}
	if f.Since, err = moment("since", o.since, now); err != nil {
		return f, err
	}
	if f.Until, err = moment("until", o.until, now); err != nil {
		return f, err
	}
	if o.limit < 0 {
		return f, usageError{fmt.Errorf("--limit %d: say how many rows, or 0 for all", o.limit)}
	}
	return f, nil
}

func parseProtocol(name string) (dissect.Protocol, bool) {
	for p := dissect.SMTP; p <= dissect.ManageSieve; p++ {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}

func parseVerdict(name string) (alerts.Verdict, bool) {
	for v := alerts.UnknownVerdict; v <= alerts.Exposed; v++ {
		if v.String() == name {
			return v, true
		}
	}
	return 0, false
}

// The first and the last moment that a stored time can be: the years 1677 and
// 2262.
var firstMoment, lastMoment = time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64)

// storable returns t in ns since 1970 UTC, or the moment nearest to it that can
// be stored.
func storable(t time.Time) int64 {
	switch {
	case t.Before(firstMoment):
		return math.MinInt64
	case t.After(lastMoment):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// moment reads a time: a date, a date with time, or a span before now.
func moment(flag, text string, now time.Time) (int64, error) {
	if text == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return storable(t), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil {
		return storable(now.Add(-d.Abs())), nil
	}
	return 0, usageError{fmt.Errorf("--%s %s: say a time such as 2026-01-31 or 2026-01-31T12:00:00Z (UTC), or a span such as 24h", flag, text)}
}

// reader opens the database for a list. It never creates one.
func (env *environment) reader(flag string) (*store.Reader, error) {
	path, _ := env.databasePath(flag)
	if path == noDatabase {
		return nil, usageError{fmt.Errorf("--db %s: a list needs a database", noDatabase)}
	}
	return store.OpenReader(path)
}

// errStopped ends what the user has interrupted.
var errStopped = errors.New("interrupted before all was written")

func stopped(ctx context.Context) error {
	if ctx.Err() != nil {
		return errStopped
	}
	return nil
}

// rowWriters are the formats of a list of T.
type rowWriters[T any] struct {
	table func(*export.Table, *T) error
	csv   func(*export.CSV, *T) error
	json  func(*export.JSONL, *T) error

	newTable func(w io.Writer, color bool) *export.Table
	newCSV   func(w io.Writer) *export.CSV
}

// runList writes the rows that the flags ask for.
func runList[T any](ctx context.Context, env *environment, o *listOptions, w rowWriters[T], rows func(*store.Reader, store.Filter) iter.Seq2[T, error]) error {
	f, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	write, end := w.of(env, o.format)
	if write == nil {
		return usageError{fmt.Errorf("--format %s: say table, json, jsonl or csv", o.format)}
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	n, more := 0, false
	for row, err := range rows(r, f) {
		if err := cmp.Or(err, stopped(ctx)); err != nil {
			return err
		}
		if o.limit > 0 && n == o.limit {
			more = true
			break
		}
		n++
		if err := write(&row); err != nil {
			return err
		}
	}
	if err := end(); err != nil {
		return err
	}
	switch {
	case more:
		env.say("cut after %s: --limit 0 lists all", numbered(n, "row", "rows"))
	case n == 0 && o.format == formatTable:
		env.say("nothing that is stored fits")
	}
	return nil
}

// of returns how a row is written in a format, and what ends the list; nil
// where there is no such format.
func (w *rowWriters[T]) of(env *environment, format string) (write func(*T) error, end func() error) {
	switch format {
	case formatTable:
		t := env.table(w.newTable(env.stdout, env.colour()))
		return func(row *T) error { return w.table(t, row) }, t.Flush
	case formatCSV:
		c := w.newCSV(env.stdout)
		return func(row *T) error { return w.csv(c, row) }, c.Flush
	case formatJSONL:
		j := export.NewJSONL(env.stdout)
		return func(row *T) error { return w.json(j, row) }, func() error { return nil }
	case formatJSON:
		a := export.NewArray(env.stdout)
		j := export.NewJSONL(a)
		return func(row *T) error { return w.json(j, row) }, a.Close
	}
	return nil, nil
}
