//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The screen of a pseudo terminal.
const screenLines, screenColumns = 24, 80

// pseudoTerminal opens both ends of one (pts(4)).
func pseudoTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	// O_NONBLOCK lets Close end a Read.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	ours = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { ours.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: screenLines, Col: screenColumns}); err != nil {
		t.Fatal(err)
	}
	if theirs, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	return ours, theirs
}

// startBehindUI starts 'mailtap capture --tui' in a terminal of its own.
func startBehindUI(t *testing.T, args ...string) (p *liveProgram, keys *os.File) {
	t.Helper()
	keys, theirs := pseudoTerminal(t)
	p = &liveProgram{
		cmd:    exec.CommandContext(t.Context(), binaryInside(), append([]string{"capture", "-i", "lo", "--tui"}, args...)...),
		stdout: newLiveOutput(), stderr: newLiveOutput(),
		ended: make(chan struct{}),
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs, theirs, theirs
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_CONFIG_HOME="+t.TempDir())
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := keys.Read(b)
			p.stdout.Write(b[:n])
			if err != nil { // EIO: nobody has the other end any more
				break
			}
		}
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, keys
}

// Behind the terminal UI packets are read as ever. The key q, and a signal, end
// the capture with everything stored; so does a terminal that goes away.
func sensorUI(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    func(*liveProgram, *os.File) error
		status int
		told   bool // there is a terminal to write the summary to
	}{
		{"q", func(_ *liveProgram, keys *os.File) error { _, err := keys.WriteString("q"); return err }, statusDone, true},
		{"signal", func(p *liveProgram, _ *os.File) error { return p.cmd.Process.Signal(syscall.SIGTERM) }, statusDone, true},
		{"hang-up", func(_ *liveProgram, keys *os.File) error { return keys.Close() }, statusFailed, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "mailtap.db")
			live, keys := startBehindUI(t, "--db", db)
			live.wait(t, live.stdout, "\x1b[?1049h", 1) // the other screen of the terminal
			play(t, 110, pop3Login)
			live.wait(t, live.stdout, "assword", 1)
			play(t, 587, smtpLogin) // stored or not, when the end comes
			if err := tt.end(live, keys); err != nil {
				t.Fatal(err)
			}
			live.exits(t, tt.status)
			for _, rule := range []string{"cleartext-password", "base64-password"} {
				if n := storedFindings(t, db, rule); n != 1 {
					t.Errorf("%d findings of %s are stored, want 1", n, rule)
				}
			}
			out := live.stdout.String()
			if strings.Contains(out, livePassword) {
				t.Error("the password stands on the screen")
			}
			if _, after, _ := strings.Cut(out, "\x1b[?1049l"); tt.told && !strings.Contains(after, "2 mail sessions: 2 exposed") {
				t.Errorf("after the UI it says %q", after)
			}
		})
	}
}
