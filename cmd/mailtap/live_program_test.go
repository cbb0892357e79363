//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// waitAtMost bounds every wait for something that must come.
const waitAtMost = 20 * time.Second

// programTime bounds the life of a program that captures.
const programTime = 3 * time.Minute

// liveOutput is what a program has written so far.
type liveOutput struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // holds one token when there is something new
}

func newLiveOutput() *liveOutput { return &liveOutput{changed: make(chan struct{}, 1)} }

func (o *liveOutput) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *liveOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *liveOutput) count(what string) int { return strings.Count(o.String(), what) }

// liveProgram is a program that captures.
type liveProgram struct {
	cmd            *exec.Cmd
	stdout, stderr *liveOutput
	ended          chan struct{} // closed after err is set
	err            error
}

// startLive starts a program and waits until it has said ready on stderr.
func startLive(t *testing.T, ready string, command ...string) *liveProgram {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	p := &liveProgram{
		cmd:    exec.CommandContext(ctx, command[0], command[1:]...),
		stdout: newLiveOutput(), stderr: newLiveOutput(),
		ended: make(chan struct{}),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-p.ended
	})
	p.wait(t, p.stderr, ready, 1)
	return p
}

// startCapture starts 'mailtap capture' on the loopback device, with --db none
// unless args name a database.
func startCapture(t *testing.T, args ...string) *liveProgram {
	t.Helper()
	return startCaptureOn(t, "lo", args...)
}

// startCaptureOn is startCapture on another device.
func startCaptureOn(t *testing.T, device string, args ...string) *liveProgram {
	t.Helper()
	command := append([]string{binaryInside(), "capture", "-i", device, "--db", "none"}, args...)
	return startLive(t, "mailtap: capturing on "+device, command...)
}

// waitStdout waits until what has been written n times.
func (p *liveProgram) waitStdout(t *testing.T, what string, n int) {
	t.Helper()
	p.wait(t, p.stdout, what, n)
}

func (p *liveProgram) wait(t *testing.T, o *liveOutput, what string, n int) {
	t.Helper()
	late := time.After(waitAtMost)
	for o.count(what) < n {
		select {
		case <-o.changed:
		case <-p.ended:
			if o.count(what) < n {
				t.Fatalf("%s ended without %q: %v\n%s%s", p.cmd.Path, what, p.err, p.stdout, p.stderr)
			}
		case <-late:
			t.Fatalf("%s did not write %q %d times within %v:\n%s%s", p.cmd.Path, what, n, waitAtMost, p.stdout, p.stderr)
		}
	}
}

// stop sends a signal, upon which a capture must end. How long it took is told,
// not judged: the machine may be busy.
func (p *liveProgram) stop(t *testing.T, signal syscall.Signal, status int) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	p.ends(t, status)
	t.Logf("ended %v after the signal", time.Since(begun).Round(time.Millisecond))
}

// ends expects a capture to write its summary, and then to end with an exit
// status.
func (p *liveProgram) ends(t *testing.T, status int) {
	t.Helper()
	p.waitStdout(t, `"type":"summary"`, 1)
	p.exits(t, status)
}

func (p *liveProgram) exits(t *testing.T, status int) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(waitAtMost):
		t.Fatalf("still running after %v\n%s%s", waitAtMost, p.stdout, p.stderr)
	}
	if got := exitStatus(p.err); got != status {
		t.Errorf("exit status %d, want %d\n%s", got, status, p.stderr)
	}
}

// exitStatus returns the exit status of a program, -1 if it has none.
func exitStatus(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// liveTape is a recording by tcpdump.
type liveTape struct {
	program *liveProgram
	file    string
}

// startTape starts tcpdump on the loopback device; nil where there is none.
func startTape(t *testing.T) *liveTape {
	t.Helper()
	if _, err := exec.LookPath("tcpdump"); err != nil {
		return nil
	}
	return startTapeOn(t, "lo")
}

// startTapeOn starts tcpdump on a device; in is what starts a program where
// that device is. With --immediate-mode tcpdump takes room for the device's
// largest packet, 64 KiB, for each: its own buffer would hold 32.
func startTapeOn(t *testing.T, device string, in ...string) *liveTape {
	t.Helper()
	file := filepath.Join(t.TempDir(), device+".pcap")
	const buffer = "32768" // KiB
	command := append(in, "tcpdump", "-i", device, "-Z", "root", "-n", "-U", "--immediate-mode", "-B", buffer, "-w", file)
	return &liveTape{program: startLive(t, "listening on "+device, command...), file: file}
}

// end waits until all that was sent so far is in the file, and returns its
// name. A last datagram, which must be recorded too, tells.
func (tape *liveTape) end(t *testing.T) string {
	t.Helper()
	if tape == nil {
		t.Skip("tcpdump is not installed")
	}
	return tape.endAfter(t, func(last []byte) error {
		_, err := dialDatagrams(t).Write(last)
		return err
	})
}

// endAfter is end where send sends the last datagram.
func (tape *liveTape) endAfter(t *testing.T, send func(last []byte) error) string {
	t.Helper()
	last := []byte("the last datagram")
	const every = 10 * time.Millisecond
	if err := send(last); err != nil {
		t.Fatal(err)
	}
	for late := time.After(waitAtMost); ; {
		b, err := os.ReadFile(tape.file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, last) {
			break
		}
		select {
		case <-late:
			t.Fatal("tcpdump did not record everything")
		case <-time.After(every):
		}
	}
	if err := tape.program.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	tape.program.exits(t, 0)
	return tape.file
}
