package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/rules"
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
			_, err = fmt.Fprintf(env.stdout, "%s: good: %s, %s, %s\n", args[0], numbered(len(p.Hosts), "host row", "host rows"),
				numbered(len(p.Exceptions), "exception", "exceptions"), numbered(len(p.Severities), "severity row", "severity rows"))
			return err
		},
	}
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

// readPolicyFile reads a file, and at most one byte more of it than a policy may
// have. A pipe that nobody writes to holds up no running capture.
func readPolicyFile(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, policy.MaxFile+1))
}

// readPolicy reads a policy file. An error tells all of its mistakes.
func readPolicy(path string) (*policy.Policy, error) {
	text, err := readPolicyFile(path)
	if err != nil {
		return nil, fmt.Errorf("the policy cannot be read: %w", err)
	}
	if len(text) > policy.MaxFile {
		return nil, fmt.Errorf("%s is too long for a policy, which has at most %d bytes", path, policy.MaxFile)
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
