//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestSensorDevices needs devices that can be made and removed.
func TestSensorDevices(t *testing.T) {
	if testing.Short() {
		t.Skip("make e2e runs it")
	}
	if !inOwnNamespace(t, "ip") {
		return
	}
	t.Run("removed", deviceRemoved)
	t.Run("one-of-two-removed", deviceOfTwoRemoved)
	t.Run("link-down", deviceLinkDown)
	t.Run("tap", deviceTap)
	t.Run("filter", deviceFilter)
	t.Run("drops", deviceDrops)
	t.Run("held", deviceHeld)
	t.Run("many", deviceMany)
}

// ip runs ip(8).
func ip(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Skipf("ip %s: %v %s", args, err, out)
	}
}

// pair makes two devices that are the ends of one wire.
func pair(t *testing.T, a, b string) {
	t.Helper()
	ip(t, "link add "+a+" type veth peer name "+b)
	t.Cleanup(func() { exec.Command("ip", "link", "del", a).Run() })
	for _, name := range []string{a, b} { // else the kernel sends packets of its own
		os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0) // where there is no IPv6 it sends none
	}
	ip(t, "link set "+a+" up")
	ip(t, "link set "+b+" up")
}

// captureOn starts a capture on devices.
func captureOn(t *testing.T, ready string, args ...string) *liveProgram {
	t.Helper()
	return startLive(t, ready, append([]string{binaryInside(), "capture", "--db", "none", "--format", "jsonl"}, args...)...)
}

// A device that is removed ends the run: what was found is told, and why.
func deviceRemoved(t *testing.T) {
	pair(t, "tap0", "tap1")
	live := captureOn(t, "mailtap: capturing on tap0", "-i", "tap0")
	ip(t, "link del tap0")
	live.ends(t, statusFailed)
	if !strings.Contains(live.stderr.String(), "mailtap: tap0: the device is gone (") {
		t.Errorf("it says\n%s", live.stderr)
	}
}

// Where another device is left, the run goes on and ends with 1.
func deviceOfTwoRemoved(t *testing.T) {
	pair(t, "tap0", "tap1")
	live := captureOn(t, "mailtap: capturing on tap0 and lo", "-i", "tap0", "-i", "lo")
	ip(t, "link del tap0")
	live.wait(t, live.stderr, "; capturing on from the others", 1)
	play(t, 110, pop3Login)
	live.waitStdout(t, `"rule":"cleartext-password"`, 1)
	live.stop(t, syscall.SIGTERM, statusFailed)
}

// A link that is down is waited for.
func deviceLinkDown(t *testing.T) {
	pair(t, "tap0", "tap1")
	live := captureOn(t, "mailtap: capturing on tap0", "-i", "tap0")
	for i, device := range []string{"tap0", "tap1"} { // switched off; without a carrier
		ip(t, "link set "+device+" down")
		live.wait(t, live.stderr, "tap0: the link is down; waiting for it", i+1)
		ip(t, "link set "+device+" up")
		live.wait(t, live.stderr, "tap0: the link is up again", i+1)
	}
	sendFrames(t, []string{"tap1"}, framesOf(t, tapSample))
	live.waitStdout(t, `"rule":"cleartext-password"`, 1)
	live.stop(t, syscall.SIGTERM, statusDone)
}

// tapSample is what crosses a tap.
const tapSample = "pop3-userpass"

// A tap delivers each direction on a device of its own: what is found is what
// is found in the same packets read from a file.
func deviceTap(t *testing.T) {
	pair(t, "tap0", "tap1")
	pair(t, "tap2", "tap3")
	live := captureOn(t, "mailtap: capturing on tap0 and tap2", "-i", "tap0", "-i", "tap2")
	sendFrames(t, []string{"tap1", "tap3"}, framesOf(t, tapSample))
	live.stop(t, syscall.SIGTERM, statusDone)
	offline, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", filepath.Join(samples, tapSample+".pcap"))
	if diff := cmp.Diff(sessionsAndFindings(t, offline), sessionsAndFindings(t, live.stdout.String())); diff != "" {
		t.Errorf("(-offline +live):\n%s", diff)
	}
	if !strings.Contains(live.stdout.String(), `"files":["tap0","tap2"]`) {
		t.Errorf("the session does not name both devices:\n%s", live.stdout)
	}
}

// VLAN tags are in the kernel's hands by the time that a filter is run: it
// must find what is behind them all the same, and count nothing else.
func deviceFilter(t *testing.T) {
	for _, args := range [][]string{{"--filter", "tcp port 110"}, {"--mail-ports"}} {
		t.Run(args[0], func(t *testing.T) {
			pair(t, "tap0", "tap1")
			live := captureOn(t, "mailtap: capturing on tap0", append(args, "-i", "tap0")...)
			frames := framesOf(t, tapSample)
			for _, tags := range []string{"", "\x81\x00\x00\x0c", "\x88\xa8\x00\x64\x81\x00\x00\x0c"} {
				var list [][]byte
				for _, f := range frames {
					list = append(list, slices.Concat(f[:12], []byte(tags), f[12:]))
				}
				sendFrames(t, []string{"tap1"}, list)
			}
			other := slices.Clone(frames[0]) // to and from no port of mail's
			copy(other[34:], "\x1f\x90\x1f\x90")
			sendFrames(t, []string{"tap1"}, [][]byte{other})
			live.stop(t, syscall.SIGTERM, statusDone)
			if n := live.stdout.count(`"type":"session"`); n != 3 {
				t.Errorf("%d sessions, want one without a tag, one with, one with two:\n%s", n, live.stdout)
			}
			if want := fmt.Sprintf(`"type":"summary","packets":%d,`, 3*len(frames)); !strings.Contains(live.stdout.String(), want) {
				t.Errorf("no %s in\n%s", want, live.stdout)
			}
		})
	}
}

// sendFrames sends Ethernet frames: with two devices, those of the end that
// sends first on the one, those of the other end on the other.
func sendFrames(t *testing.T, devices []string, frames [][]byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var to []*unix.SockaddrLinklayer
	for _, name := range devices {
		device, err := net.InterfaceByName(name)
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, &unix.SockaddrLinklayer{Ifindex: device.Index})
	}
	const sender, senderEnd = 6, 12 // in an Ethernet header
	for i, frame := range frames {
		at := 0
		if len(to) > 1 && !bytes.Equal(frame[sender:senderEnd], frames[0][sender:senderEnd]) {
			at = 1
		}
		if err := unix.Sendto(fd, frame, 0, to[at]); err != nil {
			t.Fatalf("frame %d of %d octets: %v", i+1, len(frame), err)
		}
	}
}
