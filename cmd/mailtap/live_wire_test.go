//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What samples/lib.sh calls the two ends of the wire, and the mirror port.
const (
	wireClient, wireServer = "198.51.100.7", "198.51.100.25"
	wireServerName         = "mail.example"
	mirrorDevice           = "mon0"
)

// shellTime bounds one command of the wire's shell.
const shellTime = 30 * time.Second

// mailWire is two namespaces in which real mail programs run, joined by a wire,
// and a third one that sees what passes on a mirror port.
type mailWire struct {
	mailtap                 string // the built program
	scratch                 string
	client, server, monitor string // namespaces
	stdin                   io.Writer
	lines                   chan string
}

// newMailWire makes the namespaces, which end with the test. It is skipped
// where it may not, or where programs are missing.
func newMailWire(t *testing.T) *mailWire {
	t.Helper()
	if os.Getenv("MAILTAP_E2E") != "1" {
		t.Skip("MAILTAP_E2E is not 1")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, for network namespaces in which servers change their user")
	}
	for _, name := range []string{"bash", "ip", "tc", "ethtool", "openssl", "tcpdump", "dovecot", "postfix", "swaks", "curl", "fetchmail", "gsasl", "sieve-connect"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed; samples/make.sh installs all it needs", name)
		}
	}
	w := &mailWire{mailtap: buildMailtap(t), lines: make(chan string)}
	var err error
	if w.scratch, err = os.MkdirTemp("", "mailtap-live"); err != nil { // short, for the servers' sockets
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(w.scratch) })
	if err := os.Chmod(w.scratch, 0o755); err != nil { // the servers drop their rights and still read it
		t.Fatal(err)
	}
	w.start(t)
	return w
}

// start runs the wire's shell until the test ends.
func (w *mailWire) start(t *testing.T) {
	cmd := exec.Command("bash", filepath.Join("testdata", "live", "wire.sh"), samples)
	cmd.Env = append(os.Environ(), "SCRATCH="+w.scratch)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.stdin = stdin
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := newLiveOutput()
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		close(ended)
		stdin.Close()
		cmd.Wait()
	})
	go func() {
		defer close(w.lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			select {
			case w.lines <- scanner.Text():
			case <-ended:
			}
		}
	}()
	if n, err := fmt.Sscan(w.line(t), &w.client, &w.server, &w.monitor); n != 3 {
		t.Fatalf("the wire was not made: %v\n%s", err, said)
	}
}

func (w *mailWire) line(t *testing.T) string {
	t.Helper()
	select {
	case line := <-w.lines:
		return line
	case <-time.After(shellTime):
		t.Fatalf("the wire's shell said nothing for %v", shellTime)
		return ""
	}
}

// run lets the shell run commands of samples/lib.sh.
func (w *mailWire) run(t *testing.T, format string, args ...any) {
	t.Helper()
	command := fmt.Sprintf(format, args...)
	if _, err := io.WriteString(w.stdin, command+"\n"); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	var said []string
	for {
		line := w.line(t)
		if line == "done 0" {
			return
		}
		said = append(said, line)
		if strings.HasPrefix(line, "done ") {
			t.Fatalf("%s:\n%s", command, strings.Join(said, "\n"))
		}
	}
}

// speak runs a mail client; input is what it reads. It returns its exit status,
// for many clients of a changed conversation rightly fail.
func (w *mailWire) speak(t *testing.T, input string, command ...string) int {
	t.Helper()
	args := append([]string{"netns", "exec", w.client, "timeout", "20"}, command...)
	cmd := exec.CommandContext(t.Context(), "ip", args...)
	cmd.Env = append(os.Environ(), "HOME="+w.scratch)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil && testing.Verbose() {
		t.Logf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return exitStatus(err)
}

// succeed is speak for a client that must get what it wants.
func (w *mailWire) succeed(t *testing.T, input string, command ...string) {
	t.Helper()
	if status := w.speak(t, input, command...); status != 0 {
		t.Errorf("%s: exit status %d", strings.Join(command, " "), status)
	}
}

// settle waits until all connections are closed at both ends: a client that has
// gone does not wait for the server's last words, which are recorded too.
func (w *mailWire) settle(t *testing.T) {
	t.Helper()
	for late := time.After(waitAtMost); ; {
		open := 0
		for _, namespace := range []string{w.client, w.server} {
			err := inNamespace(namespace, func() error {
				for _, table := range []string{"tcp", "tcp6"} {
					b, err := os.ReadFile("/proc/thread-self/net/" + table)
					if err != nil {
						return err
					}
					open += openConnections(string(b))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if open == 0 {
			return
		}
		select {
		case <-late:
			t.Fatalf("%d connections stay open", open)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// openConnections counts those in a table of /proc/net that neither listen nor
// wait for the time that ends them.
func openConnections(table string) (n int) {
	const listening, closed, timeWait = "0A", "07", "06"
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > 3 && f[0] != "sl" && f[3] != listening && f[3] != closed && f[3] != timeWait {
			n++
		}
	}
	return n
}

// inNamespace calls f on a thread that is in a namespace for the time, so that
// the sockets it makes are of that network. The thread comes back: wire.sh ends
// whatever is left in the namespace, and the first thread stands for the test.
func inNamespace(name string, f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer home.Close()
	there, err := os.Open(filepath.Join("/run/netns", name))
	if err != nil {
		return err
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	result := f()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
		return err // and the thread stays locked: nobody else may get it
	}
	runtime.UnlockOSThread()
	return result
}
