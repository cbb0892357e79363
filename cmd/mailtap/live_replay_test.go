//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// replayed are samples that follow one another on the wire.
var replayed = []string{"imap-login", "pop3-userpass", "smtp-auth-plain", "smtp-auth-login", "cram-md5", "apop", "ntlm",
	"starttls", "ssl-ports", "starttls-refused", "managesieve", "lmtp", "imap-preauth", "imap-mailbox-forged", "starttls-injection"}

// skewedSeeds is how many times frames are sent in another order.
const skewedSeeds = 24

// The two ends of the pair of devices on which frames are replayed.
const replayDevice, watchedDevice = "tap0", "tap1"

// TestLiveReplay sends the frames of samples over a pair of devices as a bad
// network would, or a switch that wraps what it mirrors, and captures them.
func TestLiveReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("make e2e runs it")
	}
	if !inOwnNamespace(t, "ip") {
		return
	}
	devicePair(t, replayDevice, watchedDevice)
	frames := framesOf(t, replayed...)
	plain := replay(t, frames)
	t.Run("as-recorded", func(t *testing.T) {
		var want []string
		for _, name := range replayed {
			want = append(want, withoutFile(wanted(t)[name+".pcap"])...)
		}
		got := withoutFile(found(objects(t, plain), watchedDevice))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-samples/want.txt +got):\n%s", diff)
		}
	})
	for _, tt := range []struct {
		name   string
		change func([][]byte) [][]byte
		vlan   []int
		tunnel []string
	}{
		{"doubled", double, nil, nil},
		{"vlan", each(tagged(0x8100_000c)), []int{12}, nil},
		{"q-in-q", each(tagged(0x88a8_0064, 0x8100_000c)), []int{100, 12}, nil},
		{"gre", each(carried(unix.IPPROTO_GRE, greHeader...)), nil, []string{"gre"}},
		{"erspan", each(carried(unix.IPPROTO_GRE, erspanHeader...)), []int{12}, []string{"erspan"}}, // its header names the VLAN
		{"vxlan", each(carried(unix.IPPROTO_UDP, vxlanHeader...)), nil, []string{"vxlan"}},
		{"vlan-in-vxlan", func(f [][]byte) [][]byte {
			return each(carried(unix.IPPROTO_UDP, vxlanHeader...))(each(tagged(0x8100_000c))(f))
		}, []int{12}, []string{"vxlan"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := replay(t, tt.change(frames))
			if diff := cmp.Diff(judged(t, plain), judged(t, got)); diff != "" {
				t.Errorf("(-as recorded +got):\n%s", diff)
			}
			sessionsSay(t, got, tt.vlan, tt.tunnel)
		})
	}
	t.Run("forged", func(t *testing.T) {
		conflicts := 0
		for _, o := range objects(t, replay(t, forge(frames))) {
			if o.Rule == "conflicting-segments" && o.Severity == "high" {
				conflicts++
			}
		}
		if offers := len(forge(frames)) - len(frames); conflicts != offers || offers == 0 {
			t.Errorf("%d conflicts found, want %d", conflicts, offers)
		}
	})
	want := judged(t, plain)
	for seed := range uint64(skewedSeeds) {
		t.Run(fmt.Sprintf("skewed-%d", seed), func(t *testing.T) { // a command may overtake the reply it follows
			if diff := cmp.Diff(want, judged(t, replay(t, reorder(seed)(frames)))); diff != "" {
				t.Errorf("(-as recorded +got):\n%s", diff)
			}
		})
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("lossy-%d", seed), func(t *testing.T) {
			nothingInvented(t, plain, replay(t, lose(seed)(frames)))
		})
	}
}

// devicePair makes two devices that are joined, and takes frames that a tunnel
// makes longer than usual.
func devicePair(t *testing.T, one, two string) {
	t.Helper()
	for _, args := range [][]string{
		{"link", "add", one, "type", "veth", "peer", "name", two},
		{"link", "set", one, "mtu", "9000", "up"},
		{"link", "set", two, "mtu", "9000", "up"},
	} {
		if out, err := exec.CommandContext(t.Context(), "ip", args...).CombinedOutput(); err != nil {
			t.Skipf("no pair of devices: %v: %s", err, out)
		}
	}
}

// replay sends frames and returns what a capture finds in them.
func replay(t *testing.T, frames [][]byte) string {
	t.Helper()
	live := startCaptureOn(t, watchedDevice, "--format", "jsonl")
	device, err := net.InterfaceByName(replayDevice)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for i, frame := range frames {
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: device.Index}); err != nil {
			t.Fatalf("frame %d of %d octets: %v", i+1, len(frame), err)
		}
	}
	live.stop(t, syscall.SIGTERM, statusDone)
	return live.stdout.String()
}

// judged reads what was found, without what an impairment may change: where,
// when, in which order and in how many packets; and in how many octets, for a
// reset that overtakes the last ones ends the session before them.
func judged(t *testing.T, jsonl string) []string {
	t.Helper()
	var lines []string
	for _, o := range sessionsAndFindings(t, jsonl) {
		for _, key := range []string{"vlan", "tunnel", "flags", "packets", "bytes_client", "bytes_server"} {
			delete(o, key)
		}
		if evidence, ok := o["evidence"].([]any); ok {
			slices.SortFunc(evidence, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		b, err := json.MarshalIndent(o, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(b))
	}
	slices.Sort(lines)
	return lines
}

// sessionsSay expects that each session names its VLANs and its tunnel.
func sessionsSay(t *testing.T, jsonl string, vlan []int, tunnel []string) {
	t.Helper()
	type place struct {
		Type   string
		VLAN   []int
		Tunnel []string
		Client string
	}
	for line := range strings.Lines(jsonl) {
		var p place
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		if p.Type == "session" && (!slices.Equal(p.VLAN, vlan) || !slices.Equal(p.Tunnel, tunnel)) {
			t.Errorf("%s: VLAN %v and tunnel %q, want %v and %q", p.Client, p.VLAN, p.Tunnel, vlan, tunnel)
		}
	}
}

// withoutFile takes the name of the capture out of lines of want.txt.
func withoutFile(list []string) []string {
	var out []string
	for _, line := range list {
		words := strings.Fields(line)
		out = append(out, strings.Join(slices.Delete(words, 1, 2), " "))
	}
	return out
}

// nothingInvented expects that a capture with holes says no more about each
// session than the whole one, and nothing that contradicts it.
func nothingInvented(t *testing.T, whole, lossy string) {
	t.Helper()
	all, rest := bySession(t, whole), bySession(t, lossy)
	known := 0
	for key, list := range rest {
		claims := claimsOf(all[key])
		for _, c := range claimsOf(list) {
			known++
			if !slices.ContainsFunc(claims, c.within) {
				t.Errorf("%s: %q was made up", key, c)
			}
		}
		for i := range list {
			if list[i].Type == "session" {
				holdsAgainst(t, key, &list[i], all[key])
			}
		}
	}
	total := 0
	for _, list := range all {
		total += len(claimsOf(list))
	}
	if known < total/2 {
		t.Errorf("only %d of %d facts are left", known, total)
	}
}

// holdsAgainst compares what a session with holes says of STARTTLS and of the
// outcome of log-ins with the whole session.
func holdsAgainst(t *testing.T, key string, lossy *trapObject, whole []trapObject) {
	t.Helper()
	i := slices.IndexFunc(whole, func(o trapObject) bool { return o.Type == "session" })
	if i < 0 {
		t.Errorf("%s: there is no such session", key)
		return
	}
	for _, tt := range []struct {
		what      string
		got, want *bool
	}{
		{"offered", lossy.StartTLS.Offered, whole[i].StartTLS.Offered},
		{"accepted", lossy.StartTLS.Accepted, whole[i].StartTLS.Accepted},
	} {
		if tt.got != nil && (tt.want == nil || *tt.got != *tt.want) {
			t.Errorf("%s: STARTTLS %s: %v, which is made up", key, tt.what, *tt.got)
		}
	}
	if lossy.StartTLS.Requested && !whole[i].StartTLS.Requested {
		t.Errorf("%s: STARTTLS requested, which is made up", key)
	}
}

// bySession groups what was found by the two ends of a connection.
func bySession(t *testing.T, jsonl string) map[string][]trapObject {
	t.Helper()
	groups := map[string][]trapObject{}
	for line := range strings.Lines(jsonl) {
		var o trapObject
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		if o.Type != "summary" {
			groups[o.Client+" to "+o.Server] = append(groups[o.Client+" to "+o.Server], o)
		}
	}
	return groups
}
