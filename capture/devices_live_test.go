package capture_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailtap/mailtap/capture"
)

// stampedWithin is how long after it was sent a datagram may be stamped.
const stampedWithin = 100 * time.Millisecond

// flood captures datagrams, which are numbered, on so many handles of the
// loopback device, and returns what sends n of them.
func flood(t *testing.T, handles int) (*capture.Devices, func(n int)) {
	t.Helper()
	receiver, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { receiver.Close() })
	sender, err := net.Dial("udp4", receiver.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	_, port, _ := net.SplitHostPort(receiver.LocalAddr().String())
	var names []string
	for range handles {
		names = append(names, loopback(t))
	}
	d, err := capture.OpenDevices(names, capture.LiveOptions{Filter: "udp port " + port, BufferBytes: 64 << 20})
	if err != nil && strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	sent := uint64(0)
	return d, func(n int) {
		for range n {
			if _, err := sender.Write(binary.BigEndian.AppendUint64(nil, sent)); err != nil {
				t.Fatal(err)
			}
			sent++
		}
	}
}

// readDevices reads to the end, at most most packets.
func readDevices(t *testing.T, d *capture.Devices, most int) (read int, err error) {
	t.Helper()
	var ps [32]capture.Packet
	for read < most {
		n, err := d.Batch(ps[:min(len(ps), most-read)])
		for _, p := range ps[:n] {
			if got := binary.BigEndian.Uint64(p.Data[len(p.Data)-8:]); got != p.Number-1 {
				t.Fatalf("packet %d of handle %d has the bytes of %d", p.Number, p.File, got+1)
			}
		}
		read += n
		if err != nil && err != capture.ErrTimeout {
			return read, err
		}
	}
	return read, nil
}

// Of what was sent before the end everything is read, however much it is, and
// of what comes later nothing.
func TestDevicesEnd(t *testing.T) {
	const before, after = 20_000, 300
	for _, handles := range []int{1, 2} {
		d, send := flood(t, handles)
		send(before)
		time.Sleep(stampedWithin)
		d.Finish(time.Now())
		send(after)
		if n, err := readDevices(t, d, handles*(before+after)); n != handles*before || err != io.EOF {
			t.Errorf("%d handles: %d packets and %v, want %d", handles, n, err, handles*before)
		}
		for _, st := range d.Stats() {
			if st.Packets != before || st.Unread != 0 {
				t.Errorf("%d handles: %+v, want %d packets", handles, st, before)
			}
		}
	}
}

// What is left unread is counted, and what a goroutine has read already is
// delivered.
func TestDevicesLeave(t *testing.T) {
	const sent, first = 80_000, 500 // more than fit into the batches of a device
	for _, handles := range []int{1, 2} {
		d, send := flood(t, handles)
		send(sent)
		time.Sleep(stampedWithin)
		d.Finish(time.Now())
		if n, err := readDevices(t, d, first); n != first || err != nil {
			t.Fatalf("%d handles: %d packets, %v", handles, n, err)
		}
		d.Leave()
		rest, err := readDevices(t, d, handles*sent)
		if err != io.EOF {
			t.Errorf("%d handles: %v after %d packets", handles, err, rest)
		}
		read, unread := uint64(0), uint64(0)
		for _, st := range d.Stats() {
			read, unread = read+st.Packets, unread+st.Unread
			if total := st.Packets + st.Unread + st.Dropped; total != sent {
				t.Errorf("%d handles: %+v is %d, want %d", handles, st, total, sent)
			}
		}
		if read != uint64(first+rest) || unread == 0 {
			t.Errorf("%d handles: %d packets read, %d counted, %d unread", handles, first+rest, read, unread)
		}
	}
}
