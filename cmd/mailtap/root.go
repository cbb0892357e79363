package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// environment is what a command has of the outside, so that tests can give
// their own.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// The exit statuses. They are part of the help of every command that uses them.
const (
	statusDone   = 0
	statusFailed = 1 // bad input, no device, database error
	statusUsage  = 2 // wrong flags or arguments
	statusFound  = 3 // done, and something at or above --fail-on was found
)

// usageError is a mistake in what was typed.
type usageError struct{ error }

// errFound ends a run that found something at or above --fail-on.
var errFound = errors.New("")

// run carries out one command line and returns the exit status. Messages go
// to stderr as "mailtap: lower-case message"; results go to stdout.
func run(args []string, env *environment) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := rootCommand(env)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, errFound):
		return statusFound
	case errors.Is(err, errTold):
		return statusFailed
	case errors.As(err, &usage):
		env.say("%v", err)
		fmt.Fprintf(env.stderr, "See '%s --help'.\n", cmd.CommandPath())
		return statusUsage
	}
	env.say("%v", err)
	return statusFailed
}

// errTold ends a run whose errors have been said already.
var errTold = errors.New("")

// say writes a message for the person at the keyboard.
func (env *environment) say(format string, args ...any) {
	fmt.Fprintf(env.stderr, "mailtap: %s\n", strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// helpWidth is how many columns the help of flags takes.
const helpWidth = "80"

func rootCommand(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "mailtap",
		Short: "find insecure mail sessions in network traffic",
		Long: `mailtap reads a SPAN port or capture files, follows SMTP, LMTP, IMAP, POP3 and
ManageSieve sessions, and tells whose password or mail crossed readable, which
server never offered encryption, which client ignored the offer, and where it
was taken away. Findings are kept in a database and triaged with 'mailtap tui'.`,
		Example: `  mailtap analyze samples/imap-login.pcap
  sudo mailtap capture -i eth0
  mailtap tui`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{unknownCommand(cmd, args[0])}
			}
			return cmd.Help()
		},
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(
		analyzeCommand(env), captureCommand(env), tuiCommand(env),
		casesCommand(env), findingsCommand(env), sessionsCommand(env), caseCommand(env), exportCommand(env),
		accountsCommand(env), clientsCommand(env), serversCommand(env),
		rulesCommand(env), policyCommand(env), judgeCommand(env), dbCommand(env), interfacesCommand(env), versionCommand(env),
		manCommand(root),
	)
	helpOnCommands(root)
	completeFlags(root)
	root.SetVersionTemplate("mailtap {{.Version}}\n")
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages", "Flags.FlagUsagesWrapped "+helpWidth))
	return root
}

// helpOnCommands lets 'mailtap help' tell what is mistyped: cobra shows the help
// of mailtap itself then.
func helpOnCommands(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"}) // it has just been added
	help.Args = func(_ *cobra.Command, args []string) error {
		if found, _, _ := root.Find(args); len(args) > 0 && (found == nil || found == root) {
			return usageError{unknownCommand(root, args[0])}
		}
		return nil
	}
}

// arguments is cobra's argument check with our exit status.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		switch text := err.Error(); {
		case strings.Contains(text, "arg(s)"): // which cobra only counts
			err = fmt.Errorf("%s: the command is '%s'", numbered(len(args), "argument was given", "arguments were given"), cmd.UseLine())
		case strings.HasPrefix(text, "unknown command"): // where there are none
			err = fmt.Errorf("%q: '%s' takes no arguments, only flags", args[0], cmd.CommandPath())
		}
		return usageError{err}
	}
}

// isTerminal tells whether a person looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colour tells whether results may be coloured (https://no-color.org).
func (env *environment) colour() bool {
	return isTerminal(env.stdout) && env.getenv("NO_COLOR") == "" && env.getenv("TERM") != "dumb"
}
