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

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/rules"
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
written.`,
		Example: `  mailtap export html --output report.html
  mailtap export csv --min-severity high > findings.csv
  mailtap export pcap c_0123abcd --output case.pcapng
  mailtap export syslog --to tls://siem.example.com:6514 --since 24h`,
		Args:      arguments(exportArguments),
		ValidArgs: exportFormats,
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == formatPcap {
				return o.runPcap(cmd.Context(), env, args[1:])
			}
			return o.run(cmd, env, args[0])
		},
	}
	o.addFilterFlags(cmd, env)
	o.addRuleFlags(cmd)
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "file to write instead of standard output")
	o.pcap.addFlags(cmd)
	cmd.Flags().BoolVar(&o.sessions, "sessions", false, "csv and zeek: sessions instead of findings")
	cmd.Flags().StringVar(&o.to, "to", "", "receiver of syslog or cef: udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT")
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
	w, framing, err := o.open(cmd.Context(), env)
	if err != nil {
		return err
	}
	defer func() {
		if closing := w.Close(); err == nil { // else the same, again
			err = closing
		}
	}()
	return write(&exporting{env: env, reader: r, filter: f, subject: chosen(cmd), w: w, sent: o.to != "", framing: framing})
}

// open opens where the export goes.
func (o *exportOptions) open(ctx context.Context, env *environment) (io.WriteCloser, export.Framing, error) {
	switch {
	case o.to != "":
		return dialSyslog(ctx, o.to)
	case o.output != "":
		f, err := os.OpenFile(o.output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, 0, err
		}
		return &buffered{bufio.NewWriter(f), f}, export.Lines, nil
	}
	return &buffered{bufio.NewWriter(env.stdout), io.NopCloser(nil)}, export.Lines, nil
}

func dialSyslog(ctx context.Context, to string) (io.WriteCloser, export.Framing, error) {
	receiver, err := sinks.ParseReceiver(to)
	if err != nil {
		return nil, 0, usageError{fmt.Errorf("--to %w", err)}
	}
	c, err := receiver.Dial(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot reach the syslog receiver: %w", err)
	}
	return c, receiver.Framing(), nil
}

// buffered is a file that is written in large pieces.
type buffered struct {
	*bufio.Writer
	file io.Closer
}

func (b *buffered) Close() error { return errors.Join(b.Flush(), b.file.Close()) }

// exporting is one export that runs.
type exporting struct {
	env     *environment
	reader  *store.Reader
	filter  store.Filter
	subject string
	w       io.Writer
	sent    bool // to a receiver, in messages told apart by framing
	framing export.Framing
}

var exporters = map[string]func(*exporting) error{
	"html":  (*exporting).html,
	"jsonl": (*exporting).jsonl,
	"csv": func(e *exporting) error {
		c := export.NewFindingsCSV(e.w)
		return errors.Join(e.findings(c.Finding), c.Flush())
	},
	"eve": (*exporting).eve,
	"zeek": func(e *exporting) error {
		z := export.NewZeekFindings(e.w)
		return errors.Join(e.findings(z.Finding), z.Close())
	},
	"cef": func(e *exporting) error {
		if e.sent {
			host, _ := os.Hostname() // "" where it is not known
			return e.findings(export.NewSyslogCEF(e.w, e.framing, host, version, catalogue).Finding)
		}
		return e.findings(export.NewCEF(e.w, version, catalogue).Finding)
	},
	"syslog": func(e *exporting) error {
		host, _ := os.Hostname() // "" where it is not known
		return e.findings(export.NewSyslog(e.w, e.framing, host, catalogue).Finding)
	},
}

var sessionExporters = map[string]func(*exporting) error{
	"csv": func(e *exporting) error {
		c := export.NewSessionsCSV(e.w)
		return errors.Join(e.sessions(c.Session), c.Flush())
	},
	"zeek": func(e *exporting) error {
		z := export.NewZeekSessions(e.w)
		return errors.Join(e.sessions(z.Session), z.Close())
	},
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

// catalogue tells the exports of a rule.
func catalogue(id string) export.Rule {
	r := rules.Find(id)
	if r == nil {
		return export.Rule{}
	}
	return export.Rule{Group: string(r.Group), Title: r.Title, Why: r.Why, Fix: r.Fix, Config: r.Config}
}

func (e *exporting) findings(write func(*alerts.Finding) error) error {
	for f, err := range e.reader.AllFindings(e.filter) {
		if err != nil {
			return err
		}
		if err := write(&f); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) sessions(write func(*alerts.Session) error) error {
	for s, err := range e.reader.AllSessions(e.filter) {
		if err != nil {
			return err
		}
		if err := write(&s); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) jsonl() error {
	j := export.NewJSONL(e.w)
	if err := e.sessions(j.Session); err != nil {
		return err
	}
	return e.findings(j.Finding)
}

// eve writes findings with what is known of their sessions, such as TLS and
// VLANs.
func (e *exporting) eve() error {
	w := export.NewEVE(e.w, catalogue)
	for f, err := range e.reader.AllFound(e.filter) {
		if err != nil {
			return err
		}
		in := f.In
		if in.ID != f.Session { // what spans sessions may be stored with another
			s, _, err := e.reader.Session(f.Session.String())
			if err != nil {
				return err
			}
			in = &s
		}
		if err := w.Finding(&f.Finding, in); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) html() error {
	report := export.NewReport(e.subject, catalogue)
	for c, err := range e.reader.AllCases(e.filter) {
		if err != nil {
			return err
		}
		report.Case(&c)
	}
	if err := e.findings(func(f *alerts.Finding) error { report.Finding(f); return nil }); err != nil {
		return err
	}
	if err := e.sessions(func(s *alerts.Session) error { report.Session(s); return nil }); err != nil {
		return err
	}
	return report.Write(e.w)
}
