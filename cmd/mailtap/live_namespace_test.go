//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// liveBinary in the environment tells a test that it runs in a network
// namespace of its own, and where the built program is.
const liveBinary = "MAILTAP_LIVE_BINARY"

func insideNamespace() bool { return binaryInside() != "" }

func binaryInside() string { return os.Getenv(liveBinary) }

// inOwnNamespace tells whether the test runs in a network namespace of its own,
// with the loopback device up. Elsewhere it runs the test again in one, if the
// programs that it needs are there.
func inOwnNamespace(t *testing.T, needs ...string) bool {
	t.Helper()
	if insideNamespace() {
		loopbackUp(t)
		return true
	}
	for _, program := range needs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	runInNamespace(t)
	return false
}

// runInNamespace runs the test again, in a network namespace that ends with
// it: as root, else as root of a user namespace alone. It is skipped where the
// system allows neither.
func runInNamespace(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := buildMailtap(t)
	var refused error
	for _, attr := range []*syscall.SysProcAttr{{Cloneflags: syscall.CLONE_NEWNET}, userNamespace()} {
		ctx, cancel := context.WithTimeout(t.Context(), programTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, self, "-test.v", "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), liveBinary+"="+binary)
		cmd.SysProcAttr = attr
		out := newLiveOutput()
		cmd.Stdout, cmd.Stderr = out, out
		if refused = cmd.Start(); refused != nil {
			continue
		}
		switch err := cmd.Wait(); {
		case err != nil:
			t.Fatalf("%v\n%s", err, out)
		case strings.Contains(out.String(), "--- SKIP: "+t.Name()+" "):
			t.Skip(out)
		}
		t.Logf("in a network namespace:\n%s", out)
		return
	}
	t.Skipf("no network namespace: %v", refused)
}

// userNamespace lets a user who is not root have a network of their own. They
// stay who they are, for tcpdump as root would become somebody who does not
// exist there, and get only the rights over that network.
func userNamespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW, unix.CAP_NET_BIND_SERVICE},
	}
}

// loopbackUp switches on the only device of a new namespace.
func loopbackUp(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Skipf("the namespace gives no right to its network: %v", err)
	}
}
