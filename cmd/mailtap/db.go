package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

func dbCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "look after the database: info, check, prune",
		Example: `  mailtap db info
  mailtap db check
  mailtap db prune --older 90d --dry-run`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(dbInfoCommand(env), dbCheckCommand(env), dbPruneCommand(env))
	return cmd
}

func dbInfoCommand(env *environment) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:     "info",
		Short:   "what the database is and holds",
		Example: "  mailtap db info --db /var/lib/mailtap/mailtap.db",
		Args:    arguments(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return dbInfo(env, database) },
	}
	databaseFlag(cmd, env, &database)
	return cmd
}

func dbInfo(env *environment, database string) error {
	r, err := env.reader(database)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Info()
	if err != nil {
		return err
	}
	path, _ := env.databasePath(database)
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "database\t%s\nschema\t%d\n", path, info.Schema)
	fmt.Fprintf(w, "size\t%s, of which %s are free; %s of log beside it\n", sized(info.Size), sized(info.Free), sized(info.Log))
	fmt.Fprintf(w, "last written\t%s\n", info.Written.UTC().Format(time.RFC3339))
	c := &info.Counts
	fmt.Fprintf(w, "sessions\t%s\n", tally(c.Sessions[:], func(i int) string { return alerts.Verdict(i).String() }))
	fmt.Fprintf(w, "findings\t%s\n", tally(c.Findings[:], func(i int) string { return alerts.Severity(i).String() }))
	fmt.Fprintf(w, "cases\t%s\n", tally(c.Cases[:], func(i int) string { return alerts.Status(i).String() }))
	fmt.Fprintf(w, "changes\t%d\n", info.Changes)
	if info.First != 0 {
		fmt.Fprintf(w, "captured\t%s to %s\n", utc(info.First), utc(info.Last))
	}
	if info.ThinnedSessions != 0 {
		fmt.Fprintf(w, "thinned\t%s: words of lines are kept of the first and last findings of a case\n",
			numbered(info.ThinnedSessions, "session", "sessions"))
	}
	if info.Watermark != 0 {
		fmt.Fprintf(w, "pruned\t%s and %s, before %s\n", numbered(info.PrunedSessions, "session", "sessions"),
			numbered(info.PrunedFindings, "finding", "findings"), utc(info.Watermark))
	}
	return w.Flush()
}

// tally writes counts with the name of each, the greatest name first.
func tally(counts []int64, name func(int) string) string {
	var words []string
	total := int64(0)
	for i := len(counts) - 1; i >= 0; i-- {
		if total += counts[i]; counts[i] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[i], name(i)))
		}
	}
	if total == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(words, ", "))
}

func dbCheckCommand(env *environment) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "look for damage in the database, and at who may read it",
		Long: `Reads the whole database and looks for damage: SQLite's own check, references,
records that cannot be read, counts that are wrong. Looks at who may open the
database and the file of its key.

Exit status: 0 all is well, 1 something is wrong, 2 wrong flags.`,
		Example: "  mailtap db check",
		Args:    arguments(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return dbCheck(env, database) },
	}
	databaseFlag(cmd, env, &database)
	return cmd
}

func dbCheck(env *environment, database string) error {
	path, err := env.storedAt(database)
	if err != nil {
		return err
	}
	problems, err := store.Check(path, keyPath(path))
	if err != nil {
		return err
	}
	for _, p := range problems {
		env.say("%s", p)
	}
	if len(problems) > 0 {
		return errTold
	}
	_, err = io.WriteString(env.stdout, "ok\n")
	return err
}

// pruneOptions are the flags of db prune.
type pruneOptions struct {
	database string
	older    string
	keepSize string
	dryRun   bool
}

func dbPruneCommand(env *environment) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune --older AGE|--keep-size SIZE",
		Short: "take old sessions out of the database",
		Long: `Takes the sessions that began long ago, and their findings, out of the
database. AGE is a span before now such as 90d, or a time; SIZE such as 500M is
what is to be left, about. Pruned sessions stay counted in 'mailtap db info',
and analysing an old capture again does not bring them back. Cases that were
triaged stay. A capture may write to the database meanwhile.

Of what is left, the words of lines are kept for the first 5 and the last 20
findings of a case; in the others stands "(thinned out)" with the packet's
number. A capture does the same now and then.`,
		Example: `  mailtap db prune --older 90d
  mailtap db prune --keep-size 2G --dry-run`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return dbPrune(env, &o) },
	}
	flags := cmd.Flags()
	databaseFlag(cmd, env, &o.database)
	flags.StringVar(&o.older, "older", "", "what began before this `TIME`: 90d, 24h, 2026-01-31")
	flags.StringVar(&o.keepSize, "keep-size", "", "`SIZE` that is to be left: 500M, 2G")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only say what would go")
	return cmd
}

func dbPrune(env *environment, o *pruneOptions) error {
	path, err := env.storedAt(o.database)
	if err != nil {
		return err
	}
	before, err := o.before(env, time.Now())
	if err != nil {
		return err
	}
	var p store.Pruned
	if before != 0 {
		if p, err = store.Prune(path, before, o.dryRun); err != nil {
			return err
		}
	}
	verb, cases := "pruned", fmt.Sprintf(" and %s without findings", numbered(p.Cases, "case", "cases"))
	if o.dryRun {
		verb, cases = "would prune", ""
	}
	what := fmt.Sprintf("%s, %s%s", numbered(p.Sessions, "session", "sessions"), numbered(p.Findings, "finding", "findings"), cases)
	if before == 0 {
		what += ": there is room enough"
	} else {
		what += ": what began before " + utc(before)
	}
	if p.Thinned > 0 {
		what += fmt.Sprintf("; thinned %s", numbered(p.Thinned, "session", "sessions"))
	}
	_, err = fmt.Fprintf(env.stdout, "%s %s\n", verb, what)
	return err
}

// before returns the time before which sessions are to go; 0: none.
func (o *pruneOptions) before(env *environment, now time.Time) (int64, error) {
	if (o.older == "") == (o.keepSize == "") {
		return 0, usageError{errors.New("say what is to go, by --older or by --keep-size")}
	}
	if o.older != "" {
		if d, ok := span(o.older); ok {
			return storable(now.Add(-d)), nil
		}
		return moment("older", o.older, now)
	}
	size, ok := parseSize(o.keepSize)
	if !ok {
		return 0, usageError{fmt.Errorf("--keep-size %s: say a size such as 500M or 2G", o.keepSize)}
	}
	r, err := env.reader(o.database)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return r.BeforeForSize(size)
}

// storedAt returns the path of a database that has to be one.
func (env *environment) storedAt(flag string) (string, error) {
	path, _ := env.databasePath(flag)
	if path == noDatabase {
		return "", usageError{fmt.Errorf("--db %s: that is no database", noDatabase)}
	}
	return path, nil
}

// maxSpan bounds what is typed: a Duration holds 292 years.
const maxSpan = 100 * 365 * 24 * time.Hour

// span reads a span of time: 90d, 12w, or as Go writes it.
func span(text string) (time.Duration, bool) {
	const day = 24 * time.Hour
	for unit, d := range map[string]time.Duration{"d": day, "w": 7 * day} {
		number, ok := strings.CutSuffix(text, unit)
		if n, err := strconv.ParseUint(number, 10, 16); ok && err == nil {
			return min(time.Duration(n), maxSpan/d) * d, true
		}
	}
	d, err := time.ParseDuration(text)
	return min(d, maxSpan), err == nil && d >= 0
}

// ahead reads a time to come: as moment does, or a span from now on; 0 for "".
func ahead(flag, text string, now time.Time) (int64, error) {
	if d, ok := span(text); ok {
		return storable(now.Add(d)), nil
	}
	return moment(flag, text, now)
}

// sizeUnits are 1024 of each other.
const sizeUnits = "KMGT"

func parseSize(text string) (int64, bool) {
	number := strings.TrimRight(strings.ToUpper(text), "B")
	shift := 0
	if i := strings.IndexByte(sizeUnits, lastByte(number)); i >= 0 {
		shift = 10 * (i + 1)
		number = number[:len(number)-1]
	}
	n, err := strconv.ParseUint(number, 10, 63)
	return int64(n) << shift, err == nil && n > 0 && n<<shift>>shift == n && int64(n)<<shift > 0
}

func lastByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1]
}

// sized writes a size as people need it.
func sized(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/(1<<10), 0
	for ; value >= 1<<10 && unit < len(sizeUnits)-1; unit++ {
		value /= 1 << 10
	}
	return fmt.Sprintf("%.1f %ciB", value, sizeUnits[unit])
}
