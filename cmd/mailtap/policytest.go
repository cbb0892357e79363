package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/policy"
)

func policyTestCommand(env *environment) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "tell what a policy would have judged on what is stored",
		Long: `Judges all stored sessions by a policy, and changes nothing: tells how many
sessions each host row is for and how many of them break it, how many findings
each exception covers, and what 'mailtap judge --policy FILE' would change.`,
		Example: `  mailtap policy test policy.toml
  mailtap policy test --db mail.db policy.toml`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return policyTest(cmd.Context(), env, database, args[0])
		},
	}
	databaseFlag(cmd, env, &database)
	return cmd
}

func policyTest(ctx context.Context, env *environment, database, file string) error {
	p, err := readPolicy(file)
	if err != nil {
		return err
	}
	r, err := env.reader(database)
	if err != nil {
		return err
	}
	defer r.Close()
	t := &trial{policy: p, hosts: map[*policy.Host]*rowTest{}, exceptions: map[*policy.Exception]int{}}
	again := newRejudgement(nil)
	again.judge.Policy, again.each = p, t.add
	if err := again.all(ctx, r, judgeBar(env, r, false)); err != nil {
		return err
	}
	return t.write(env, file, &again.summary)
}

// trial is what a policy would have judged.
type trial struct {
	policy     *policy.Policy
	hosts      map[*policy.Host]*rowTest // nil is no row
	exceptions map[*policy.Exception]int // findings
}

type rowTest struct{ sessions, broken int }

// add counts a session as the policy has judged it.
func (t *trial) add(r *alerts.Result) {
	d := t.policy.Decide(r.Session.Facts)
	row := t.hosts[d.Host]
	if row == nil {
		row = new(rowTest)
		t.hosts[d.Host] = row
	}
	row.sessions++
	if len(d.Breaks) > 0 {
		row.broken++
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if x := t.policy.Exception(r.Session.Facts, f.Rule, f.Account); x != nil {
			t.exceptions[x]++
		}
	}
}

func (t *trial) write(env *environment, file string, s *rejudged) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST ROW\tSESSIONS\tBROKEN BY")
	for i := range t.policy.Hosts {
		h, row := &t.policy.Hosts[i], rowTest{}
		if counted := t.hosts[h]; counted != nil {
			row = *counted
		}
		fmt.Fprintf(w, "%s:%d\t%d\t%d\n", file, h.At.Line, row.sessions, row.broken)
	}
	if none := t.hosts[nil]; none != nil {
		fmt.Fprintf(w, "no row\t%d\t-\n", none.sessions)
	}
	if len(t.policy.Exceptions) > 0 {
		fmt.Fprintln(w, "\nEXCEPTION\tFINDINGS\tREASON")
	}
	for i := range t.policy.Exceptions {
		x := &t.policy.Exceptions[i]
		fmt.Fprintf(w, "%s:%d\t%d\t%s\n", file, x.At.Line, t.exceptions[x], export.Clean(x.Reason))
	}
	fmt.Fprintf(w, "\n'mailtap judge --policy %s' would change %d of %s\n", file, s.changed, numbered(s.sessions, "session", "sessions"))
	if err := w.Flush(); err != nil {
		return err
	}
	return s.writeRules(env.stdout)
}
