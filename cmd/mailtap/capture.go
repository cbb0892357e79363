package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailtap/mailtap/capture"
)

const captureHelp = `Reads packets from a network device, usually a mirror (SPAN) port, and reports
insecure mail sessions as they end, until it is interrupted. Every port is
looked at: what is said decides whether a connection carries mail.

It needs the right to capture: run it as root, or give the program the
capability once with 'sudo setcap cap_net_raw+ep "$(command -v mailtap)"'.

Exit status: 0 done; 1 no such device, no right to capture, or an error of the
database; 2 wrong flags; 3 done, and something at or above --fail-on was found.`

// captureOptions are the flags of capture alone.
type captureOptions struct {
	run      runOptions
	device   string
	duration time.Duration
	count    uint64
	buffer   int
}

// liveBuffer is the default size of the kernel's packet buffer, in MiB.
const liveBuffer = 32

func captureCommand(env *environment) *cobra.Command {
	var o captureOptions
	cmd := &cobra.Command{
		Use:   "capture -i IFACE [flags]",
		Short: "find insecure mail sessions on a live network device",
		Long:  captureHelp,
		Example: `  sudo mailtap capture -i eth0
  sudo mailtap capture -i eth0 --duration 10m --format jsonl`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return captureLive(cmd.Context(), env, &o) },
	}
	o.run.addFlags(cmd, env)
	flags := cmd.Flags()
	flags.StringVarP(&o.device, "interface", "i", "", "the device to read; 'mailtap interfaces' lists them")
	flags.DurationVar(&o.duration, "duration", 0, "stop after this time, for example 10m (default: when interrupted)")
	flags.Uint64Var(&o.count, "count", 0, "stop after this many packets (default: when interrupted)")
	flags.IntVar(&o.buffer, "buffer", liveBuffer, "size of the kernel's packet buffer in MiB")
	return cmd
}

func captureLive(ctx context.Context, env *environment, o *captureOptions) error {
	if o.device == "" {
		return usageError{errors.New("which device? name it with -i; 'mailtap interfaces' lists them")}
	}
	live, err := capture.OpenLive(o.device, capture.LiveOptions{
		Promiscuous: true, Snaplen: capture.MaxPacket, BufferBytes: o.buffer << 20, Filter: o.run.filter,
	})
	if err != nil {
		return err
	}
	defer live.Close()
	r, err := newRunner(env, &o.run)
	if err != nil {
		return err
	}
	r.begin(func() []string { return []string{o.device} })
	if !o.run.quiet {
		env.say("capturing on %s, stop with Ctrl-C", o.device)
	}
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	stop := showStatus(env, &o.run, r.found)
	err = readLive(ctx, r, live, o.count)
	stop()
	if st, e := live.Stats(); e == nil {
		r.summary.Dropped = st.Dropped + st.InterfaceDropped
	}
	return r.end(err)
}

// lastPackets is how long to read on for packets that came before the end: the
// kernel hands them over in blocks, up to twice the timeout of a reading late.
const lastPackets = 300 * time.Millisecond

// readLive takes packets from the device until count were read, or ctx has
// ended and what came before that was read. It looks at ctx for each packet:
// few that come steadily keep Next from ever timing out, and would take minutes
// to be thousands.
func readLive(ctx context.Context, r *runner, live *capture.Live, count uint64) error {
	var p capture.Packet
	var end time.Time // of ctx; zero: not yet
	for n := uint64(0); count == 0 || n < count; {
		if end.IsZero() && ctx.Err() != nil {
			end = time.Now()
		}
		err := live.Next(&p)
		if !end.IsZero() && (time.Since(end) > lastPackets || err == nil && p.Time > end.UnixNano()) {
			return nil
		}
		switch {
		case err == nil:
			n++
			r.engine.Packet(&p)
		case errors.Is(err, capture.ErrTimeout):
			r.engine.Advance(time.Now().UnixNano())
		default:
			return fmt.Errorf("reading from the device: %w", err)
		}
	}
	return nil
}
