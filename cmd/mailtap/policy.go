package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
)

func policyCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "policy",
		Short:   "check a policy file, and try it on what is stored",
		Example: "  mailtap policy example > policy.toml\n  mailtap policy check policy.toml",
		Args:    arguments(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(policyCheckCommand(env), policyTestCommand(env), policyExampleCommand(env))
	return cmd
}

func policyCheckCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "tell every mistake of a policy file, with its line and column",
		Long: `Tells every mistake of a policy file, with its line and column, and what is no
mistake and yet of no use: rows that an earlier row hides, exceptions that have
expired. Exit status 1 if there is a mistake.`,
		Example: "  mailtap policy check policy.toml",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			for _, warning := range append(p.Shadowed(), p.Expired(time.Now())...) {
				fmt.Fprintln(env.stdout, warning)
			}
			_, err = fmt.Fprintf(env.stdout, "%s: good: %d host rows, %d exceptions, %d severity rows\n",
				args[0], len(p.Hosts), len(p.Exceptions), len(p.Severities))
			return err
		},
	}
}

func policyTestCommand(env *environment) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "tell what a policy would have judged on the sessions that are stored",
		Example: `  mailtap policy test policy.toml
  mailtap policy test --db mail.db policy.toml`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			r, err := env.reader(database)
			if err != nil {
				return err
			}
			defer r.Close()
			trial, err := tryPolicy(p, r)
			if err != nil {
				return err
			}
			return trial.write(env, args[0])
		},
	}
	databaseFlag(cmd, env, &database)
	return cmd
}

func policyExampleCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:     "example",
		Short:   "print a policy with every key and what it means",
		Example: "  mailtap policy example > policy.toml",
		Args:    arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(env.stdout, policy.Example)
			return err
		},
	}
}

// readPolicy reads a policy file. An error tells all of its mistakes.
func readPolicy(path string) (*policy.Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > policy.MaxFile {
		return nil, fmt.Errorf("%s has %d bytes, and a policy at most %d", path, info.Size(), policy.MaxFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rules.Rules))
	for i := range rules.Rules {
		ids[i] = rules.Rules[i].ID
	}
	p, err := policy.Parse(path, text, ids)
	var mistakes policy.Mistakes
	if errors.As(err, &mistakes) {
		return nil, fmt.Errorf("the policy has mistakes:\n%w", err)
	}
	return p, err
}

// trial is what a policy would have judged.
type trial struct {
	policy *policy.Policy
	none   int       // sessions that no host row is for
	rows   []rowTest // by Policy.Hosts
}

type rowTest struct{ sessions, broken int }

func tryPolicy(p *policy.Policy, r *store.Reader) (*trial, error) {
	t := &trial{policy: p, rows: make([]rowTest, len(p.Hosts))}
	for s, err := range r.AllSessions(store.Filter{}) {
		if err != nil {
			return nil, err
		}
		d := p.Decide(s.Facts)
		row := t.row(d.Host)
		if row == nil {
			t.none++
			continue
		}
		row.sessions++
		if len(d.Breaks) > 0 {
			row.broken++
		}
	}
	return t, nil
}

func (t *trial) row(h *policy.Host) *rowTest {
	for i := range t.policy.Hosts {
		if h == &t.policy.Hosts[i] {
			return &t.rows[i]
		}
	}
	return nil
}

func (t *trial) write(env *environment, file string) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST ROW\tSESSIONS\tBROKEN BY")
	for i, row := range t.rows {
		fmt.Fprintf(w, "%s:%d\t%d\t%d\n", file, t.policy.Hosts[i].At.Line, row.sessions, row.broken)
	}
	fmt.Fprintf(w, "no row\t%d\t-\n", t.none)
	return w.Flush()
}
