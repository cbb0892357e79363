package capture_test

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailtap/mailtap/capture"
)

// loopback returns the name of the loopback device.
func loopback(t *testing.T) string {
	list, err := capture.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.Loopback && i.Up && len(i.Addresses) > 0 {
			return i.Name
		}
	}
	t.Skip("no loopback device is up")
	return ""
}

// live opens a device, and skips the test without the right to.
func live(t *testing.T, iface string, opts capture.LiveOptions) *capture.Live {
	l, err := capture.OpenLive(iface, opts)
	if err != nil && strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestLive(t *testing.T) {
	for _, name := range []string{loopback(t), "any"} {
		t.Run(name, func(t *testing.T) {
			receiver, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer receiver.Close()
			_, port, _ := net.SplitHostPort(receiver.LocalAddr().String())
			l := live(t, name, capture.LiveOptions{Promiscuous: true, Filter: "udp port " + port})
			sender, err := net.Dial("udp4", receiver.LocalAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer sender.Close()
			before := time.Now().Add(-time.Second).UnixNano()
			if _, err := sender.Write([]byte("a marked packet")); err != nil {
				t.Fatal(err)
			}
			var p capture.Packet
			for err = capture.ErrTimeout; err == capture.ErrTimeout; {
				err = l.Next(&p)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(p.Data, []byte("a marked packet")) || p.Length != len(p.Data) {
				t.Errorf("%d of %d bytes: %q", len(p.Data), p.Length, p.Data)
			}
			if p.Number != 1 || p.Link != l.Link || p.Time < before || p.Time > time.Now().UnixNano() {
				t.Errorf("packet %d of link type %d (want %d) at %d", p.Number, p.Link, l.Link, p.Time)
			}
			if stats, err := l.Stats(); err != nil || stats.Received == 0 {
				t.Errorf("stats %+v, %v", stats, err)
			}
		})
	}
}

// What is listed can be captured from: "any", and the network devices that the
// system has.
func TestInterfaces(t *testing.T) {
	list, err := capture.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if _, err := net.InterfaceByName(i.Name); err != nil && i.Name != "any" {
			t.Errorf("%s: %v", i.Name, err)
		}
	}
	if len(list) == 0 {
		t.Error("nothing is listed")
	}
}

// An idle link does not hold its reader.
func TestLiveTimeout(t *testing.T) {
	l := live(t, loopback(t), capture.LiveOptions{Filter: "udp port 1 and src host 203.0.113.9"})
	if err := l.Next(&capture.Packet{}); err != capture.ErrTimeout {
		t.Errorf("got %v", err)
	}
}

func TestLiveErrors(t *testing.T) {
	lo := loopback(t)
	if _, err := capture.OpenLive("nosuch0", capture.LiveOptions{}); err == nil ||
		!strings.Contains(err.Error(), "nosuch0: no such interface; there are: ") || !strings.Contains(err.Error(), lo) {
		t.Errorf("a device that does not exist: %v", err)
	}
	live(t, lo, capture.LiveOptions{})
	if _, err := capture.OpenLive(lo, capture.LiveOptions{Filter: "tcp prot 25"}); err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("a wrong filter: %v", err)
	}
}
