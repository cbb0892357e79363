package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/store"
)

const judgeHelp = `Judges all stored sessions again, in the order in which they began.

Some rules look at what a server or a client did before: captures that were
analysed out of order, or sessions that overlapped, are judged as if all had
come in order. Findings that no longer hold go, new ones come; statuses and
notes of cases stay. Other programs may write to the database meanwhile.

Exit status: 0 done; 1 the database could not be read or written, or the work
was interrupted: what is judged so far stays, run it again; 2 wrong flags.`

// maxRejudged is how many sessions with other findings one transaction stores.
const maxRejudged = 1024

func judgeCommand(env *environment) *cobra.Command {
	var database, file string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "judge",
		Short: "judge all stored sessions again, in the order of their begin",
		Long:  judgeHelp,
		Example: `  mailtap analyze tuesday.pcap
  mailtap analyze monday.pcap
  mailtap judge`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return judgeAgain(cmd.Context(), env, database, file, quiet)
		},
	}
	databaseFlag(cmd, env, &database)
	cmd.Flags().StringVar(&file, "policy", "", "policy `FILE`; without it, findings of a policy go")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "no progress")
	return cmd
}

func judgeAgain(ctx context.Context, env *environment, database, file string, quiet bool) (err error) {
	var p *policy.Policy
	if file != "" {
		if p, err = readPolicy(file); err != nil {
			return err
		}
	}
	r, err := env.reader(database)
	if err != nil {
		return err
	}
	defer r.Close()
	path, _ := env.databasePath(database)
	w, err := store.OpenRewriter(path)
	if err != nil {
		return err
	}
	again := newRejudgement(w)
	again.judge.Policy = p
	err = again.all(ctx, r, judgeBar(env, r, quiet))
	if closing := w.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return again.summary.write(env.stdout)
}

// judgeBar returns a bar of all sessions, or nil where nobody watches.
func judgeBar(env *environment, r *store.Reader, quiet bool) *progressbar.ProgressBar {
	counts, err := r.Counts()
	if quiet || err != nil || !isTerminal(env.stderr) {
		return nil
	}
	total := int64(0)
	for _, n := range counts.Sessions {
		total += n
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(env.stderr),
		progressbar.OptionSetDescription("judging"),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(progressEvery),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionClearOnFinish(),
	)
}

// rejudgement holds new judgements against the stored ones and stores those
// that differ.
type rejudgement struct {
	writer  *store.Rewriter // nil: a trial, of which nothing is stored
	each    func(*alerts.Result)
	judge   *judge.Judge
	stored  map[alerts.SessionID]alerts.Result // not settled yet
	changed []alerts.Result
	summary rejudged
}

func newRejudgement(w *store.Rewriter) *rejudgement {
	again := &rejudgement{writer: w, each: func(*alerts.Result) {}, stored: map[alerts.SessionID]alerts.Result{}}
	again.summary.rules = map[string]*ruleChange{}
	again.judge = judge.New(again.settled)
	return again
}

func (a *rejudgement) all(ctx context.Context, r *store.Reader, bar *progressbar.ProgressBar) error {
	for s, err := range r.Begun(0) {
		if err != nil {
			return err
		}
		a.stored[s.Session.ID] = s
		a.judge.Session(s.Session.Facts)
		if len(a.changed) >= maxRejudged {
			if err := a.flush(); err != nil {
				return err
			}
		}
		if bar != nil {
			bar.Add(1)
		}
		if ctx.Err() != nil {
			return errors.Join(a.flush(), errInterrupted)
		}
	}
	a.judge.Close()
	if bar != nil {
		bar.Finish()
	}
	return a.flush()
}

// settled takes the new judgement of a session.
func (a *rejudgement) settled(now alerts.Result) {
	before := a.stored[now.Session.ID]
	delete(a.stored, now.Session.ID)
	a.summary.sessions++
	a.each(&now)
	if a.summary.compare(before.Findings, now.Findings) || before.Session.Verdict != now.Session.Verdict {
		a.summary.changed++
		a.changed = append(a.changed, now)
	}
}

func (a *rejudgement) flush() error {
	if len(a.changed) == 0 {
		return nil
	}
	var err error
	if a.writer != nil {
		err = a.writer.Replace(a.changed)
	}
	clear(a.changed)
	a.changed = a.changed[:0]
	return err
}

// rejudged is what has changed.
type rejudged struct {
	sessions, changed int
	rules             map[string]*ruleChange
}

// ruleChange counts findings of one rule.
type ruleChange struct{ gone, come, other int }

// compare counts how findings of a session differ, and tells whether any does.
func (s *rejudged) compare(before, now []alerts.Finding) (changed bool) {
	of := func(f *alerts.Finding) *ruleChange {
		changed = true
		if s.rules[f.Rule] == nil {
			s.rules[f.Rule] = new(ruleChange)
		}
		return s.rules[f.Rule]
	}
	old := make(map[alerts.FindingID]*alerts.Finding, len(before))
	for i := range before {
		old[before[i].ID] = &before[i]
	}
	for i := range now {
		switch was := old[now[i].ID]; {
		case was == nil:
			of(&now[i]).come++
		case !alike(was, &now[i]):
			of(&now[i]).other++
		}
		delete(old, now[i].ID)
	}
	for _, f := range old {
		of(f).gone++
	}
	return changed
}

// alike compares what is stored of a finding itself.
func alike(a, b *alerts.Finding) bool {
	return a.Severity == b.Severity && a.Time == b.Time && a.Account == b.Account && a.HasAccount == b.HasAccount && a.Why == b.Why &&
		slices.Equal(a.Detail, b.Detail) && slices.Equal(a.Evidence, b.Evidence)
}

func (s *rejudged) write(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s judged again, %d changed\n", numbered(s.sessions, "session", "sessions"), s.changed); err != nil {
		return err
	}
	return s.writeRules(w)
}

// writeRules writes what has changed, by rule.
func (s *rejudged) writeRules(w io.Writer) error {
	var b strings.Builder
	for _, rule := range slices.Sorted(maps.Keys(s.rules)) {
		c := s.rules[rule]
		var words []string
		for _, one := range []struct {
			n    int
			what string
		}{{c.come, "new"}, {c.gone, "gone"}, {c.other, "with other evidence or severity"}} {
			if one.n > 0 {
				words = append(words, fmt.Sprintf("%d %s", one.n, one.what))
			}
		}
		fmt.Fprintf(&b, "  %s: %s\n", rule, strings.Join(words, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
