package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/confine"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/metrics"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
)

// maxEvidence is the most MiB that --evidence-size may say.
const maxEvidence = 1 << 30

// outputOptions are the flags of what a capture tells others while it runs.
type outputOptions struct {
	metrics string
	eve     string
	syslog  string

	evidence     string
	evidenceSize int64 // MiB
}

func (o *outputOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.metrics, "metrics", "", "serve counters to Prometheus, and /healthz, at this ADDRESS:PORT")
	flags.StringVar(&o.eve, "eve", "", "append findings to this FILE as EVE lines; SIGHUP opens it again")
	flags.StringVar(&o.syslog, "syslog", "", "send findings to tcp://HOST:PORT, tls://HOST:PORT, or udp://HOST:PORT, which may lose some unseen")
	flags.StringVar(&o.evidence, "evidence", "", "keep the packets of sessions with findings in this folder DIR, passwords included")
	flags.Int64Var(&o.evidenceSize, "evidence-size", evidence.DefaultSize>>20, "MiB of packets in the folder of --evidence; the oldest go")
}

func (o *outputOptions) check() error {
	if o.evidenceSize < evidence.MinSize>>20 || o.evidenceSize > maxEvidence {
		return fmt.Errorf("--evidence-size %d: say %d to %d MiB", o.evidenceSize, evidence.MinSize>>20, maxEvidence)
	}
	if o.metrics != "" {
		if err := metrics.CheckAddress(o.metrics); err != nil {
			return err
		}
	}
	if o.syslog != "" {
		if _, err := sinks.ParseReceiver(o.syslog); err != nil {
			return fmt.Errorf("--syslog %w", err)
		}
	}
	return nil
}

// liveOutputs are those that are open.
type liveOutputs struct {
	runner *runner
	server *metrics.Server // nil: none
}

func openOutputs(r *runner, o *outputOptions) (*liveOutputs, error) {
	out := &liveOutputs{runner: r}
	var err error
	if o.metrics != "" {
		if out.server, err = metrics.Listen(o.metrics); err != nil {
			return nil, err
		}
		if warning := out.server.Warning(); warning != "" {
			r.remark("--metrics: %s", warning)
		}
	}
	if o.eve != "" || o.syslog != "" {
		r.sinks, err = sinks.Open(sinks.Options{EVE: o.eve, Syslog: o.syslog, Least: r.least, Rules: catalogue, Say: r.env.say})
		if err != nil {
			out.close()
			return nil, err
		}
	}
	if o.evidence != "" {
		if r.keeper, err = evidence.Open(o.evidence, o.evidenceSize<<20); err != nil {
			out.close()
			return nil, fmt.Errorf("--evidence %w", err)
		}
		r.remark("--evidence: packets of sessions with findings are kept in %s, passwords included", o.evidence)
	}
	return out, nil
}

// serve begins to answer what others ask.
func (o *liveOutputs) serve(snapshot func() metrics.Snapshot) {
	if o.server != nil {
		o.server.Serve(version, snapshot)
	}
}

func (o *liveOutputs) close() {
	if o.server != nil {
		o.server.Close()
	}
}

// confineCapture gives up what is not needed once everything is open.
func confineCapture(r *runner, o *captureOptions) error {
	c := confine.Options{User: o.user, Dial: o.outputs.syslog != ""}
	if r.database != "" {
		c.Files = append(confine.DatabaseFiles(r.database), filtersBeside(r.database))
	}
	if o.outputs.eve != "" {
		c.Files = append(c.Files, o.outputs.eve)
	}
	if o.outputs.evidence != "" {
		c.Write = append(c.Write, o.outputs.evidence)
		c.Files = append(c.Files, r.keeper.Files()...)
	}
	if o.run.policy != "" {
		c.Read = append(c.Read, filepath.Clean(o.run.policy))
	}
	if o.tui {
		c.Read = append(c.Read, terminfo()...)
	}
	report, err := confine.Drop(c)
	if err != nil {
		return err
	}
	for _, missing := range report.Missing {
		r.remark("%s", missing)
	}
	return nil
}

// terminfo returns the folders in which terminals are described: the terminal
// UI reads them when it begins.
func terminfo() (folders []string) {
	for _, folder := range []string{"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"} {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			folders = append(folders, folder)
		}
	}
	return folders
}
