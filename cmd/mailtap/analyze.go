package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
)

const analyzeHelp = `Reads capture files and reports the insecure mail sessions in them.

A FILE is a pcap or pcapng capture, as it is or compressed with gzip or zstd;
"-" is standard input; a DIR stands for the captures in it and below. Files
whose times do not overlap are read as one continuous capture, as a rotating
capture writes them, so that a session may cross them.

The table has a row for each case, the most severe first; of more than a hundred
the worst ten of each rule, and how often each rule held. On a terminal it fits
the screen.

With --follow it reads on as files grow and new ones appear in a DIR, until it
is interrupted. The files of a ring ("tcpdump -C -W", "dumpcap -b") are read as
they are written, also when a name is used again; compressed ones once, when
they have stopped growing. What was found is soon in the database, where
'mailtap tui' shows it, and with --format jsonl in the output; the table comes
at the end. "-" cannot be followed, and need not be: it is read as it comes.
Let the writer not hold packets back (tcpdump -U).

Exit status: 0 done; 1 something could not be read or stored, or the reading was
interrupted; 2 wrong flags; 3 done, and something at or above --fail-on was
found. A damaged capture is read up to the damage, which is told, and only fails
if nothing could be read.`

func analyzeCommand(env *environment) *cobra.Command {
	var o runOptions
	var follow bool
	cmd := &cobra.Command{
		Use:   "analyze [flags] FILE|DIR|- ...",
		Short: "find insecure mail sessions in capture files",
		Long:  analyzeHelp,
		Example: `  mailtap analyze samples/imap-login.pcap
  mailtap analyze --format jsonl --db none /var/captures | jq .
  mailtap analyze --follow /var/captures
  ssh gate tcpdump -U -w - | mailtap analyze -`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if follow {
				return followFiles(cmd.Context(), env, &o, args)
			}
			return analyze(cmd.Context(), env, &o, args)
		},
	}
	o.addFlags(cmd, env)
	cmd.Flags().BoolVar(&follow, "follow", false, "read on as files grow and new ones appear, until interrupted")
	return cmd
}

func analyze(ctx context.Context, env *environment, o *runOptions, args []string) error {
	files, err := capture.Expand(args)
	if err != nil {
		return err
	}
	r, err := newRunner(env, o)
	if err != nil {
		return err
	}
	a := &asker{chain: capture.NewChain(files)}
	defer a.close()
	r.begin(a.files)
	stop := showProgress(env, o, a.chain.Progress, r.found, notWaiting)
	err = a.run(ctx, func() error { return readAll(ctx, r, a) })
	stop()
	return r.end(err)
}

// readAll takes every packet to the engine. What cannot be read is told, and
// the next file is read.
func readAll(ctx context.Context, r *runner, a *asker) error {
	in := newIntake(r, a.files)
	batch := make([]capture.Packet, engine.MaxBatch)
	for {
		n, err := a.batch(ctx, batch)
		if err := in.packets(r.engine, batch[:n]); err != nil {
			return err
		}
		switch err {
		case nil:
		case errInterrupted:
			return err
		case io.EOF:
			in.filters.tell(r)
			return nil
		case capture.ErrNewCapture:
			r.engine.Flush()
		default:
			r.unread(err)
		}
	}
}

// intake is what packets of files pass on their way to an engine.
type intake struct {
	runner  *runner
	files   func() []string
	filters filterSet
	links   map[capture.LinkType]bool
	last    capture.LinkType // of the packet before: a map costs too much for each
}

func newIntake(r *runner, files func() []string) *intake {
	return &intake{
		runner: r, files: files, filters: filterSet{expression: r.options.filter},
		links: map[capture.LinkType]bool{}, last: noLink,
	}
}

// noLink is no link type.
const noLink = capture.LinkType(0xffff)

// packets passes on those that match the filter. It changes ps.
func (in *intake) packets(e *engine.Engine, ps []capture.Packet) error {
	if in.runner.unheard.Load() {
		return errUnheard
	}
	kept := 0
	for i := range ps {
		ok, err := in.look(&ps[i])
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if kept < i {
			ps[kept] = ps[i]
		}
		kept++
	}
	e.Packets(ps[:kept])
	return nil
}

func (in *intake) packet(e *engine.Engine, p *capture.Packet) error {
	ok, err := in.look(p)
	if ok {
		e.Packet(p)
	}
	return err
}

// look tells whether a packet matches the filter, and tells the user where its
// link type is not decoded.
func (in *intake) look(p *capture.Packet) (bool, error) {
	if p.Link != in.last && !in.links[p.Link] {
		in.links[p.Link] = true
		in.runner.checkLink(in.files()[p.File], p.Link)
	}
	in.last = p.Link
	if in.filters.expression == "" {
		return true, nil
	}
	return in.filters.match(p)
}

var errInterrupted = errors.New("interrupted: what was found until then is reported and stored")

// errUnheard ends a run whose output nobody reads any more, as in
// "mailtap analyze --db none --format jsonl x.pcap | head".
var errUnheard = errors.New("nobody reads what is found")

// filterSet holds the user's filter, compiled for each link type.
type filterSet struct {
	expression string
	compiled   map[capture.LinkType]*capture.Filter
}

func (s *filterSet) match(p *capture.Packet) (bool, error) {
	f, ok := s.compiled[p.Link]
	if !ok {
		var err error
		if f, err = capture.CompileFilter(p.Link, capture.MaxPacket, s.expression); err != nil {
			return false, usageError{err}
		}
		if s.compiled == nil {
			s.compiled = map[capture.LinkType]*capture.Filter{}
		}
		s.compiled[p.Link] = f
	}
	return f.Match(p.Data, p.Length), nil
}

// tell says what the filter did to packets with VLAN tags.
func (s *filterSet) tell(r *runner) {
	n := uint64(0)
	for _, f := range s.compiled {
		n += f.Untagged
	}
	if n > 0 && !r.options.quiet {
		r.env.say("--filter: %s looked at as if there were none; name vlan in the expression to see them",
			numbered(n, "packet with VLAN tags was", "packets with VLAN tags were"))
	}
}
