package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
)

// exportOptions are the flags of 'mailtap export'.
type exportOptions struct {
	listOptions
	output   string
	to       string
	sessions bool
	pcap     pcapOptions
}

func exportCommand(env *environment) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export FORMAT [ID...]",
		Short: "write what is stored for other programs, or as a report for people",
		Long: `Writes what is stored for other programs, or as a report for people. FORMAT is

  html      a report in one file: who is exposed, where, and what to do first
  jsonl     sessions and findings, one JSON object a line
  csv       findings, for spreadsheets; sessions with --sessions
  eve       findings as Suricata writes alerts, one JSON object a line
  zeek      findings as a Zeek log; sessions with --sessions
  cef       findings in the Common Event Format, into a file or, in syslog
            messages, to a receiver
  syslog    findings as RFC 5424 messages, into a file or to a receiver
  pcap      the packets of sessions (s_...) and cases (c_...) by ID, or of all
            that have a finding, from the captures in which they were found;
            those of evidence have a comment that names the finding

Secrets are in none of them; in packets they are overwritten with x of the same
length, unless --show-secrets is given. Only its owner can read a file that is
written. It takes the place of an old one when it is whole, and with pcap only
if --force says so.`,
		Example: `  mailtap export html --output report.html
  mailtap export csv --min-severity high > findings.csv
  mailtap export pcap c_0123abcd --output case.pcapng
  mailtap export syslog --to tls://siem.example.com:6514 --since 24h`,
		Args: arguments(exportArguments),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0:
				return exportFormats, cobra.ShellCompDirectiveNoFileComp
			case args[0] == formatPcap:
				return env.caseIDs(cmd, args, typed)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == formatPcap {
				return o.runPcap(cmd.Context(), env, args[1:])
			}
			return o.run(cmd, env, args[0])
		},
	}
	o.addFilterFlags(cmd, env)
	o.addRuleFlags(cmd)
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "`FILE` to write instead of standard output")
	o.pcap.addFlags(cmd)
	cmd.Flags().BoolVar(&o.sessions, "sessions", false, "csv and zeek: sessions instead of findings")
	cmd.Flags().StringVar(&o.to, "to", "", "`RECEIVER` of syslog or cef: udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT")
	return cmd
}

var exportFormats = []string{"html", "jsonl", "csv", "eve", "zeek", "cef", "syslog", formatPcap}

func (o *exportOptions) run(cmd *cobra.Command, env *environment, format string) (err error) {
	f, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	write := exporters[format]
	if o.sessions {
		write = sessionExporters[format]
	}
	switch {
	case write == nil && exporters[format] != nil:
		return usageError{errors.New("--sessions is for csv and zeek")}
	case write == nil:
		return usageError{fmt.Errorf("there is no format %q: say %s", format, strings.Join(exportFormats, ", "))}
	case o.to != "" && format != "syslog" && format != "cef":
		return usageError{errors.New("--to is for syslog and cef")}
	case o.to != "" && o.output != "":
		return usageError{errors.New("--to and --output exclude each other")}
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	e := exporting{ctx: cmd.Context(), env: env, reader: r, filter: f, subject: chosen(cmd), write: write}
	switch {
	case o.to != "":
		return e.send(o.to)
	case o.output != "":
		if path, _ := env.databasePath(o.database); sameFile(path, o.output) {
			return fmt.Errorf("%s: this is the database that is exported: choose another name", o.output)
		}
		return export.WriteFile(o.output, true, e.to)
	}
	buffered := bufio.NewWriter(env.stdout)
	err = e.to(buffered)
	if flushing := buffered.Flush(); err == nil { // else the same, again
		err = flushing
	}
	return err
}

// sameFile tells whether two names are of one file.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// exporting is one export that runs.
type exporting struct {
	ctx     context.Context // of the command
	env     *environment
	reader  *store.Reader
	filter  store.Filter
	subject string
	write   func(*exporting) error
	w       io.Writer
	sent    bool // to a receiver, in messages told apart by framing
	framing export.Framing
}

func (e *exporting) to(w io.Writer) error {
	e.w = w
	return e.write(e)
}

// send writes to a receiver of syslog.
func (e *exporting) send(to string) error {
	receiver, err := sinks.ParseReceiver(to)
	if err != nil {
		return usageError{fmt.Errorf("--to %w", err)}
	}
	c, err := receiver.Dial(e.ctx)
	if err != nil {
		return fmt.Errorf("cannot reach the syslog receiver: %w", err)
	}
	e.sent, e.framing = true, receiver.Framing()
	err = e.to(c)
	if closing := c.Close(); err == nil { // else the same, again
		err = closing
	}
	return err
}

// chosen tells by which flags an export chose what it holds: "server 10.0.0.9".
func chosen(cmd *cobra.Command) string {
	var words []string
	for _, name := range []string{"min-severity", "rule", "status", "protocol", "server", "client", "account", "since", "until"} {
		if f := cmd.Flags().Lookup(name); f.Changed {
			words = append(words, name+" "+strings.Trim(f.Value.String(), "[]"))
		}
	}
	return strings.Join(words, ", ")
}
