package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/metrics"
)

const captureHelp = `Reads packets from a network device, usually a mirror (SPAN) port, and reports
insecure mail sessions as they end, until it is interrupted. Every port is
looked at: what is said decides whether a connection carries mail.

Name several devices, each with -i, where a tap delivers each direction on a
device of its own: they are read as one. A device without a link is waited
for; one that is removed ends the run, unless others are left.

A --filter that does not name vlan looks behind VLAN tags. --mail-ports lets
through mail's usual ports, and whole: VLANs, fragments and tunnels, which may
carry them. The summary says what a filter hides.

Packets that come faster than they are read wait in the kernel, as many as
--buffer holds. What comes then is dropped: the summary, the status line and
--metrics say how much. Then give it more room.

While the database cannot be written, results wait in memory and are tried
again. SIGHUP reads the policy file again: one with mistakes is told, and the
old one stays. SIGINT and SIGTERM end the run with everything stored.

It needs the right to capture: run it as root, or give the program the
capability once with 'sudo setcap cap_net_raw+ep "$(command -v mailtap)"'.

Exit status: 0 done; 1 no such device, no right to capture, a device that was
removed, or results that could not be stored; 2 wrong flags; 3 done, and
something at or above --fail-on was found.`

// captureOptions are the flags of capture alone.
type captureOptions struct {
	run           runOptions
	devices       []string
	direction     string
	noPromiscuous bool
	mailPorts     bool
	duration      time.Duration
	count         uint64
	buffer        int
	tui           bool
	outputs       outputOptions
	user          string
}

// Bounds of what the flags may say.
const (
	liveBuffer = 128  // MiB: the default size of the kernel's packet buffer, as in Zeek
	maxBuffer  = 2047 // MiB: libpcap counts its bytes in 31 bits
	maxDevices = 16
)

// A sensor has more memory to spare than a command that is run beside others.
// Measured with 200,000 log-ins: 14 % less CPU than with garbage, and 60 MB more.
const (
	liveGarbage = 150       // percent of the memory in use
	liveMemory  = 800 << 20 // bytes in use above which garbage is collected more often
)

func captureCommand(env *environment) *cobra.Command {
	var o captureOptions
	cmd := &cobra.Command{
		Use:   "capture -i IFACE [flags]",
		Short: "find insecure mail sessions on a live network device",
		Long:  captureHelp,
		Example: `  sudo mailtap capture -i eth0
  sudo mailtap capture -i eth1 -i eth2 --tui
  sudo mailtap capture -i eth0 --duration 10m --format jsonl`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return captureLive(cmd.Context(), env, &o) },
	}
	o.run.addFlags(cmd, env)
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.devices, "interface", "i", nil, "a device to read; 'mailtap interfaces' lists them")
	flags.StringVar(&o.direction, "direction", "both", "packets of the device's host to read: in, out or both")
	flags.BoolVar(&o.noPromiscuous, "no-promiscuous", false, "only packets that are meant for the device's host")
	flags.BoolVar(&o.mailPorts, "mail-ports", false, "only mail's usual TCP ports, also in VLANs; and fragments and tunnels")
	flags.DurationVar(&o.duration, "duration", 0, "stop after this time, for example 10m (default: when interrupted)")
	flags.Uint64Var(&o.count, "count", 0, "stop after this many packets (default: when interrupted)")
	flags.IntVar(&o.buffer, "buffer", liveBuffer, "size of the kernel's packet buffer in MiB, for each device")
	flags.BoolVar(&o.tui, "tui", false, "open the terminal UI meanwhile; leaving it ends the capture")
	flags.StringVar(&o.user, "user", "", "become this user when everything is open; for root")
	o.outputs.addFlags(cmd)
	return cmd
}

// check finds mistakes in the flags before anything is opened.
func (o *captureOptions) check(env *environment) error {
	switch {
	case len(o.devices) == 0:
		return errors.New("which device? name it with -i; 'mailtap interfaces' lists them")
	case len(o.devices) > maxDevices:
		return fmt.Errorf("%d devices, and at most %d are read together", len(o.devices), maxDevices)
	case o.buffer < 1 || o.buffer > maxBuffer:
		return fmt.Errorf("--buffer %d: say 1 to %d MiB", o.buffer, maxBuffer)
	case o.mailPorts && capture.NamesVLAN(o.run.filter):
		return errors.New("--mail-ports cannot stand beside a --filter that names vlan: name the ports in the filter")
	case o.tui && !isTerminal(env.stdout):
		return errors.New("--tui needs a terminal")
	case o.tui && o.run.database == noDatabase:
		return errors.New("--tui shows what is stored: it needs a database, not --db none")
	}
	for i, name := range o.devices {
		if slices.Contains(o.devices[:i], name) {
			return fmt.Errorf("-i %s is named twice", name)
		}
	}
	if _, ok := directions[o.direction]; !ok {
		return fmt.Errorf("--direction %s: say in, out or both", o.direction)
	}
	if err := o.run.check(); err != nil {
		return err
	}
	return o.outputs.check()
}

// directions are the values of --direction.
var directions = map[string]capture.Direction{"both": capture.Both, "in": capture.In, "out": capture.Out}

func (o *captureOptions) live() capture.LiveOptions {
	live := capture.LiveOptions{
		Promiscuous: !o.noPromiscuous, Direction: directions[o.direction],
		Snaplen: capture.MaxPacket, BufferBytes: o.buffer << 20, Filter: o.run.filter,
	}
	if o.mailPorts {
		live.Ports = mailPorts
	}
	return live
}

func captureLive(ctx context.Context, env *environment, o *captureOptions) error {
	if err := o.check(env); err != nil {
		return usageError{err}
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // before it takes long: one must not end the run
	defer signal.Stop(hup)
	devices, err := capture.OpenDevices(o.devices, o.live())
	if err != nil {
		return err
	}
	defer devices.Close()
	shown, screen := withConsole(env)
	r, err := openLive(shown, o)
	if err != nil {
		return err
	}
	outputs, err := openOutputs(r, &o.outputs)
	if err != nil {
		return r.abandon(err)
	}
	defer outputs.close()
	if err := confineCapture(r, o); err != nil {
		return r.abandon(err)
	}
	s := newSensor(r, devices, o.devices, o.count)
	r.begin(func() []string { return o.devices })
	outputs.serve(s.snapshot)
	o.introduce(r, devices)
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	err = s.run(ctx, screen, hup, o.tui)
	s.drops()
	return r.end(err)
}

// openLive opens the database of a run that may take months.
func openLive(env *environment, o *captureOptions) (*runner, error) {
	r := prepareRunner(env, &o.run)
	debug.SetGCPercent(liveGarbage)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(liveMemory)
	}
	r.spool = newSpool(env.say, r.settled)
	r.results = new(metrics.Results)
	if note := filterNote(o.run.filter, o.mailPorts); note != "" {
		r.notes = append(r.notes, note)
	}
	return r, r.open()
}

// introduce says what begins.
func (o *captureOptions) introduce(r *runner, devices *capture.Devices) {
	if text := explainFilter(o.run.filter, devices.Links()); text != "" {
		r.remark("%s", text)
	}
	for i, link := range devices.Links() {
		r.checkLink(o.devices[i], link)
	}
	r.remark("capturing on %s, stop with Ctrl-C", strings.Join(o.devices, " and "))
}
