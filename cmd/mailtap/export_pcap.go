package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
)

// formatPcap is the one format of 'mailtap export' that needs the captures.
const formatPcap = "pcap"

// maxExported is how many sessions one file of packets may hold.
const maxExported = 100_000

// pcapOptions are the flags of 'mailtap export pcap' alone.
type pcapOptions struct {
	captures    []string
	showSecrets bool
	force       bool
}

func (o *pcapOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&o.captures, "captures", nil, "pcap: `FILE|DIR` to look in, if the captures are not where they were read")
	flags.BoolVar(&o.showSecrets, "show-secrets", false, "pcap: leave passwords and tokens in the packets")
	flags.BoolVar(&o.force, "force", false, "pcap: replace the file if there is one")
}

// exportArguments checks FORMAT and, for pcap, the IDs behind it.
func exportArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1 && args[0] == formatPcap:
		return nil
	case len(args) > 1 && slices.Contains(exportFormats, args[0]):
		return fmt.Errorf("%s: IDs are for pcap; flags such as --server and --since choose what is in %s", args[1], args[0])
	}
	return cobra.ExactArgs(1)(cmd, args)
}

// runPcap writes the packets of the sessions that ids and the filter choose.
func (o *exportOptions) runPcap(ctx context.Context, env *environment, ids []string) error {
	f, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	if o.output == "" && isTerminal(env.stdout) {
		return usageError{errors.New("packets are nothing for a terminal: name a file with --output")}
	}
	if o.output != "" && !o.pcap.force {
		if _, err := os.Lstat(o.output); err == nil {
			return thereAlready(fmt.Errorf("%s: %w", o.output, export.ErrThere))
		}
	}
	captures, err := capture.Expand(o.pcap.captures)
	if err != nil {
		return err
	}
	r, err := env.reader(o.database)
	if err != nil {
		return err
	}
	defer r.Close()
	wanted, err := wantedSessions(r, f, ids)
	if err != nil {
		return err
	}
	options := evidence.Options{Captures: captures, ShowSecrets: o.pcap.showSecrets, Program: "mailtap " + version}
	if o.output == "" {
		return env.exportPackets(ctx, env.stdout, wanted, options)
	}
	if err := notAnInput(o.output, wanted, captures); err != nil {
		return err
	}
	return thereAlready(export.WriteFile(o.output, o.pcap.force, func(w io.Writer) error {
		return env.exportPackets(ctx, w, wanted, options)
	}))
}

// thereAlready says what to do about a file that is there.
func thereAlready(err error) error {
	if errors.Is(err, export.ErrThere) {
		return fmt.Errorf("%w: choose another name, or say --force to replace it", err)
	}
	return err
}

// exportPackets writes packets and says what could not be had.
func (env *environment) exportPackets(ctx context.Context, w io.Writer, wanted []evidence.Wanted, o evidence.Options) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	report, err := evidence.Export(ctx, buffered, wanted, o)
	if err != nil {
		return err
	}
	for _, remark := range report.Remarks {
		env.say("%s", remark)
	}
	if report.Packets == 0 {
		return errors.New("no packets: nothing is written")
	}
	env.say("%s of %s", numbered(report.Packets, "packet", "packets"), numbered(report.Sessions, "session", "sessions"))
	return buffered.Flush()
}

// wantedSessions returns the sessions that ids name, of sessions and cases, or
// those with a finding that the filter lets through.
func wantedSessions(r *store.Reader, f store.Filter, ids []string) ([]evidence.Wanted, error) {
	p := picked{reader: r, byID: map[alerts.SessionID]int{}}
	if len(ids) == 0 {
		if err := p.findings(f); err != nil {
			return nil, err
		}
		return p.filled()
	}
	for _, id := range ids {
		var err error
		switch {
		case strings.HasPrefix(id, "c_"):
			err = p.ofCase(f, id)
		case strings.HasPrefix(id, "s_"):
			err = p.session(id)
		default:
			err = usageError{fmt.Errorf("%s: name sessions (s_...) and cases (c_...)", id)}
		}
		if err != nil {
			return nil, err
		}
	}
	return p.filled()
}

// picked is the sessions to export, in the order in which they were named.
type picked struct {
	reader *store.Reader
	byID   map[alerts.SessionID]int
	list   []evidence.Wanted
}

func (p *picked) at(id alerts.SessionID) *evidence.Wanted {
	i, ok := p.byID[id]
	if !ok {
		i = len(p.list)
		p.byID[id] = i
		p.list = append(p.list, evidence.Wanted{Session: alerts.Session{ID: id}})
	}
	return &p.list[i]
}

func (p *picked) ofCase(f store.Filter, prefix string) error {
	c, _, err := p.reader.Case(prefix)
	if err != nil {
		return err
	}
	f.Case = &c.ID
	return p.findings(f)
}

// findings picks the sessions of findings, and those that their evidence is in.
func (p *picked) findings(f store.Filter) error {
	for found, err := range p.reader.AllFound(f) {
		if err != nil {
			return err
		}
		p.finding(&found.Finding)
		if w := p.at(found.Session); w.Session.Facts == nil && found.In.ID == found.Session {
			w.Session = withPackets(found.In)
		}
		if len(p.list) > maxExported {
			return fmt.Errorf("more than %d sessions: choose fewer, with --since and --until, or by ID", maxExported)
		}
	}
	return nil
}

func (p *picked) finding(f *alerts.Finding) {
	sessions := []alerts.SessionID{f.Session}
	for _, e := range f.Evidence {
		if !slices.Contains(sessions, e.Session) {
			sessions = append(sessions, e.Session)
		}
	}
	for _, id := range sessions {
		w := p.at(id)
		if !slices.ContainsFunc(w.Findings, func(have alerts.Finding) bool { return have.ID == f.ID }) {
			w.Findings = append(w.Findings, *f)
		}
	}
}

func (p *picked) session(prefix string) error {
	s, findings, err := p.reader.Session(prefix)
	if err != nil {
		return err
	}
	p.at(s.ID)
	for i := range findings {
		findings[i].Session = s.ID
		p.at(s.ID).Findings = append(p.at(s.ID).Findings, findings[i])
	}
	return nil
}

// filled returns the sessions with what is needed to find their packets.
func (p *picked) filled() ([]evidence.Wanted, error) {
	var list []evidence.Wanted
	for _, w := range p.list {
		if w.Session.Facts != nil {
			list = append(list, w)
			continue
		}
		s, _, err := p.reader.Session(w.Session.ID.String())
		if errors.Is(err, store.ErrNotFound) {
			continue // evidence of a session that was pruned since
		}
		if err != nil {
			return nil, err
		}
		w.Session = withPackets(&s)
		list = append(list, w)
	}
	if len(list) == 0 {
		return nil, errors.New("no session fits: 'mailtap findings' shows what there is")
	}
	return list, nil
}

// withPackets keeps what it takes to find a session's packets.
func withPackets(s *alerts.Session) alerts.Session {
	f := s.Facts
	return alerts.Session{ID: s.ID, Verdict: s.Verdict, Facts: &dissect.Facts{
		Protocol: f.Protocol, Client: f.Client, Server: f.Server, VLAN: f.VLAN, Tunnel: f.Tunnel,
		Start: f.Start, End: f.End, Files: f.Files, Packets: f.Packets,
	}}
}

// notAnInput refuses to replace a capture by what is cut from it.
func notAnInput(output string, wanted []evidence.Wanted, captures []string) error {
	out, err := os.Stat(output)
	if err != nil {
		return nil
	}
	names := captures
	for _, w := range wanted {
		names = append(names, w.Session.Facts.Files...)
	}
	for _, name := range names {
		if in, err := os.Stat(name); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("%s: the packets are read from this file: choose another name", output)
		}
	}
	return nil
}
