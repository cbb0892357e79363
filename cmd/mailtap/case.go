package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
)

// caseOptions are the flags of case.
type caseOptions struct {
	database string
	format   string
	status   string
	note     string
	reason   string
	at       string
	until    string
	undo     bool
}

func caseCommand(env *environment) *cobra.Command {
	var o caseOptions
	cmd := &cobra.Command{
		Use:   "case ID...",
		Short: "show a case, or say what became of it",
		Long: `Shows a case: what is wrong, who has to act, how often and when it was seen,
what was done about it, whether it was seen to be fixed, and its evidence. With
--status or --note it is triaged, from the command line or a script. An ID may
be cut short as long as it names one case.

STATUS is one of:
  acknowledged    somebody is at it
  resolved        it is fixed; a finding later than --at makes it new again
  accepted-risk   it stays so; --until ends that, and so does a finding that is
                  more severe
  false-positive  it never was one, and no finding changes that
  new             nobody has looked at it

All cases that are named change, or none. --undo takes back the last change
that was made, or with IDs the last one to each of these.

Exit status: 0 done, 1 there is no such case or the database cannot be used,
2 wrong flags.`,
		Example: `  mailtap case c_0123abcd
  mailtap case c_0123abcd --status resolved --note "STARTTLS is required now"
  mailtap case c_0123abcd --status accepted-risk --until 2027-01-31
  mailtap case --undo`,
		ValidArgsFunction: env.caseIDs,
		RunE:              func(cmd *cobra.Command, args []string) error { return runCase(env, cmd, &o, args) },
	}
	flags := cmd.Flags()
	databaseFlag(cmd, env, &o.database)
	flags.StringVar(&o.format, "format", formatTable, "`FORMAT` of what is shown: table or json")
	flags.StringVar(&o.status, "status", "", "`STATUS` to give it: new, acknowledged, resolved, accepted-risk or false-positive")
	flags.StringVar(&o.note, "note", "", "`TEXT` to remember of the case; \"\" takes the note away")
	flags.StringVar(&o.reason, "reason", "", "`TEXT` for its history: why it is changed")
	flags.StringVar(&o.at, "at", "", "`TIME` when it was decided or fixed, if not now: 2026-01-31, 2026-01-31T12:00:00Z, or 24h ago")
	flags.StringVar(&o.until, "until", "", "`TIME` when an accepted risk ends: as above, or in 90d")
	flags.BoolVar(&o.undo, "undo", false, "take back the last change")
	return cmd
}

func runCase(env *environment, cmd *cobra.Command, o *caseOptions, args []string) error {
	now := time.Now()
	changes := cmd.Flags().Changed("status") || cmd.Flags().Changed("note")
	switch {
	case o.format != formatTable && o.format != formatJSON:
		return usageError{fmt.Errorf("--format %s: say table or json", o.format)}
	case o.undo && changes:
		return usageError{errors.New("--undo takes a change back and makes none: leave --status and --note out")}
	case !o.undo && len(args) == 0:
		return usageError{errors.New("name a case by its ID; 'mailtap cases' lists them")}
	case !changes && (o.until != "" || o.reason != ""), !changes && !o.undo && o.at != "":
		return usageError{errors.New("--at, --until and --reason belong to a change: give --status or --note, too")}
	case len(args) > store.MaxCases:
		return usageError{fmt.Errorf("%d cases: name up to %d at once", len(args), store.MaxCases)}
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	ids, err := findCases(r, args)
	if err != nil {
		return err
	}
	switch {
	case o.undo:
		return undoCases(env, o, ids, now)
	case changes:
		return triageCases(env, cmd, r, o, ids, now)
	}
	return showCases(env, r, o.format, ids, now)
}

// findCases returns the ids that the arguments cut short.
func findCases(r *store.Reader, args []string) ([]alerts.CaseID, error) {
	var ids []alerts.CaseID
	for _, arg := range args {
		id, err := r.FindCase(arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// decision makes one of the flags.
func (o *caseOptions) decision(cmd *cobra.Command, now time.Time) (d store.Decision, err error) {
	if cmd.Flags().Changed("status") {
		s, ok := alerts.ParseStatus(o.status)
		if !ok {
			return d, usageError{fmt.Errorf("--status %s: say new, acknowledged, resolved, accepted-risk or false-positive", o.status)}
		}
		d.Status = &s
	}
	if cmd.Flags().Changed("note") {
		d.Note = &o.note
	}
	if o.until != "" && (d.Status == nil || *d.Status != alerts.AcceptedRisk) {
		return d, usageError{errors.New("--until: only an accepted risk has an end: give --status accepted-risk, too")}
	}
	d.Who, d.Reason, d.At = userName(), o.reason, now.UnixNano()
	if o.at != "" {
		if d.At, err = moment("at", o.at, now); err != nil {
			return d, err
		}
	}
	if d.Until, err = ahead("until", o.until, now); err != nil {
		return d, err
	}
	if d.Until != 0 && d.Until <= d.At {
		return d, usageError{fmt.Errorf("--until %s: that is over", o.until)}
	}
	return d, nil
}

func triageCases(env *environment, cmd *cobra.Command, r *store.Reader, o *caseOptions, ids []alerts.CaseID, now time.Time) error {
	d, err := o.decision(cmd, now)
	if err != nil {
		return err
	}
	path, _ := env.databasePath(o.database)
	t, err := store.OpenTriage(path)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := t.Set(ids, d); err != nil {
		return err
	}
	for _, id := range ids {
		c, err := oneCase(r, id, now)
		if err != nil {
			return err
		}
		if d.Status != nil && *d.Status == alerts.Resolved && c.Last > d.At {
			env.say("%v: its last finding, of %s, is later than that; one that is analysed from now on reopens it", id, utc(c.Last))
		}
		if _, err := fmt.Fprintf(env.stdout, "%v is %s\n", id, c.Standing(utc)); err != nil {
			return err
		}
	}
	return nil
}

func undoCases(env *environment, o *caseOptions, ids []alerts.CaseID, now time.Time) error {
	path, _ := env.databasePath(o.database)
	t, err := store.OpenTriage(path)
	if err != nil {
		return err
	}
	defer t.Close()
	at := now.UnixNano()
	if o.at != "" {
		if at, err = moment("at", o.at, now); err != nil {
			return err
		}
	}
	n, err := t.Undo(userName(), at, ids...)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s as before\n", numbered(n, "case is", "cases are"))
	if n == 0 {
		text = "undone; findings had reopened what it changed, so nothing is as before\n"
	}
	_, err = io.WriteString(env.stdout, text)
	return err
}

// oneCase reads a case as it stands now.
func oneCase(r *store.Reader, id alerts.CaseID, now time.Time) (alerts.Case, error) {
	list, err := r.Cases(store.Filter{Case: &id, Now: now.UnixNano()})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%v: %w", id, store.ErrNotFound)
	}
	if err != nil {
		return alerts.Case{}, err
	}
	return list[0], nil
}

// userName is who triages.
func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "user " + strconv.Itoa(os.Getuid())
}
