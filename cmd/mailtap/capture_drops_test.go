//go:build linux

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// counted is what a summary says of how many packets there were.
func (p *liveProgram) counted(t *testing.T) (read, dropped int) {
	t.Helper()
	var summary struct{ Packets, Dropped int }
	if err := json.Unmarshal([]byte(lastLine(p.stdout.String())), &summary); err != nil {
		t.Fatal(err)
	}
	return summary.Packets, summary.Dropped
}

// What the kernel drops is counted, and never hidden: packets read and dropped
// add up to those that were sent.
func deviceDrops(t *testing.T) {
	pair(t, "tap0", "tap1")
	live := captureOn(t, "mailtap: capturing on tap0", "-i", "tap0", "--buffer", "1")
	frame := framesOf(t, tapSample)[0]
	live.signal(t, syscall.SIGSTOP)
	const sent = 20_000
	sendFrames(t, []string{"tap1"}, slices.Repeat([][]byte{frame}, sent))
	live.signal(t, syscall.SIGCONT)
	live.stop(t, syscall.SIGTERM, statusDone)
	read, dropped := live.counted(t)
	if total := read + dropped; dropped == 0 || total != sent {
		t.Errorf("%d packets, %d dropped, sent %d", read, dropped, sent)
	}
	if !strings.Contains(live.stderr.String(), " dropped by the kernel and 0 by the device (") {
		t.Errorf("not told:\n%s", live.stderr)
	}
}

// What the kernel holds when the capture is told to end is read, though that
// takes longer than on an idle link.
func deviceHeld(t *testing.T) {
	for _, devices := range [][]string{{"tap0"}, {"tap0", "tap2"}} {
		t.Run(strings.Join(devices, "-"), func(t *testing.T) {
			args := []string{"--buffer", "64"}
			for i, name := range devices {
				pair(t, name, []string{"tap1", "tap3"}[i])
				args = append(args, "-i", name)
			}
			live := captureOn(t, "mailtap: capturing on tap0", args...)
			live.signal(t, syscall.SIGSTOP)
			const sent = 100_000
			sendFrames(t, []string{"tap1"}, slices.Repeat(framesOf(t, tapSample)[:1], sent))
			live.signal(t, syscall.SIGTERM)
			live.signal(t, syscall.SIGCONT)
			// Told to end, it gets no time for as long as it once read on.
			time.Sleep(10 * time.Millisecond)
			live.signal(t, syscall.SIGSTOP)
			time.Sleep(500 * time.Millisecond)
			live.signal(t, syscall.SIGCONT)
			live.ends(t, statusDone)
			if read, dropped := live.counted(t); read != sent || dropped > 0 {
				t.Errorf("%d packets, %d dropped, sent %d\n%s", read, dropped, sent, live.stderr)
			}
		})
	}
}

func (p *liveProgram) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}
