package capture

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket/pcap"
)

// several makes Devices whose lanes are filled by the test.
func several(n int) *Devices {
	d := &Devices{wake: make(chan struct{}, 1), stop: make(chan struct{})}
	for i := range n {
		d.lanes = append(d.lanes, newDeviceLane(&Live{name: string(rune('a' + i)), file: int32(i)}))
	}
	return d
}

// deliver hands on packets of a device as its goroutine does.
func (l *deviceLane) deliver(d *Devices, change *Change, times ...int64) {
	b := <-l.empty
	for _, t := range times {
		b.add(&Packet{Data: []byte{byte(t)}, Time: t, File: l.live.file})
	}
	b.change = change
	if spare := l.hand(b, d.wake, d.stop); spare != nil {
		l.empty <- spare
	}
}

// taken reads what Batch gives until it has nothing.
func taken(t *testing.T, d *Devices) (times []int64, err error) {
	t.Helper()
	var ps [3]Packet
	for {
		n, err := d.Batch(ps[:])
		for _, p := range ps[:n] {
			if p.Data[0] != byte(p.Time) {
				t.Errorf("packet %d has data % x", p.Time, p.Data)
			}
			times = append(times, p.Time)
		}
		if err != nil {
			return times, err
		}
	}
}

// Packets of two devices come in the order of their times, though each device
// delivers many together.
func TestDevicesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := several(2)
		d.lanes[0].deliver(d, nil, 1, 2, 5, 6, 9)
		d.lanes[1].deliver(d, nil, 3, 4, 7)
		d.lanes[1].deliver(d, nil, 8, 10)
		got, err := taken(t, d)
		if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, got); diff != "" || err != ErrTimeout {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		time.Sleep(mergeWindow)
		if got, err = taken(t, d); !slices.Equal(got, []int64{10}) || err != ErrTimeout {
			t.Errorf("after the window %v, %v", got, err)
		}
	})
}

// A silent device holds up the others for the window only.
func TestDevicesSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := several(2)
		begun := time.Now()
		d.lanes[0].deliver(d, nil, 1, 2)
		var ps [1]Packet
		n := 0
		for n == 0 {
			n, _ = d.Batch(ps[:])
		}
		if waited := time.Since(begun); ps[0].Time != 1 || waited < mergeWindow || waited > 2*mergeWindow {
			t.Errorf("packet %d after %v", ps[0].Time, waited)
		}
	})
}

// A device that is gone is not waited for, and is told after its packets.
func TestDevicesGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := several(2)
		d.lanes[0].deliver(d, &Change{Device: "a", State: Gone}, 1, 4)
		close(d.lanes[0].full)
		d.lanes[1].deliver(d, nil, 2, 3, 5)
		got, err := taken(t, d)
		if change, ok := err.(*Change); !ok || change.Device != "a" || !slices.Equal(got, []int64{1, 2, 3, 4}) {
			t.Errorf("%v, %v", got, err)
		}
		begun := time.Now()
		if got, err = taken(t, d); !slices.Equal(got, []int64{5}) || err != ErrTimeout || time.Since(begun) > mergeWindow {
			t.Errorf("then %v, %v, after %v", got, err, time.Since(begun))
		}
		close(d.lanes[1].full)
		if got, err = taken(t, d); len(got) > 0 || err != io.EOF {
			t.Errorf("then %v, %v", got, err)
		}
	})
}

// After the end nothing is waited for, and nothing that was read is lost.
func TestDevicesFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := several(3)
		d.lanes[0].deliver(d, nil, 1, 3)
		d.lanes[2].deliver(d, nil, 2)
		d.Finish(time.Now())
		for _, l := range d.lanes {
			close(l.full)
		}
		begun := time.Now()
		got, err := taken(t, d)
		if diff := cmp.Diff([]int64{1, 2, 3}, got); diff != "" || err != io.EOF || time.Since(begun) > 0 {
			t.Errorf("%v after %v (-want +got):\n%s", err, time.Since(begun), diff)
		}
	})
}

// A device that delivers much alone is not held up until it has no room.
func TestDevicesCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := several(2)
		for i := range crowd + 2 {
			d.lanes[0].deliver(d, nil, int64(i))
		}
		var ps [2]Packet
		if n, err := d.Batch(ps[:]); n == 0 || err != nil || ps[0].Time != 0 {
			t.Errorf("%d packets, the first %d, %v", n, ps[0].Time, err)
		}
	})
}

// A batch has its bounds.
func TestDevicesBatch(t *testing.T) {
	for _, tt := range []struct{ size, want int }{{1, batchPackets}, {64 << 10, batchBytes / (64 << 10)}, {batchBytes + 1, 1}} {
		var b deviceBatch
		n := 0
		for b.add(&Packet{Data: make([]byte, tt.size)}) {
			n++
		}
		if n != tt.want {
			t.Errorf("%d packets of %d bytes, want %d", n, tt.size, tt.want)
		}
	}
}

// A counter counts on past 32 bits, and one that falls has lost its source.
func TestCounter(t *testing.T) {
	for _, tt := range []struct {
		readings []int
		want     uint64
	}{
		{[]int{1000, 1 << 31, 1<<32 - 16, 16}, 1<<32 + 16},
		{[]int{1000, 0, 5}, 1005},
	} {
		var l Live
		total := uint64(0)
		for _, now := range tt.readings {
			total += l.since(1, now)
		}
		if total != tt.want {
			t.Errorf("%v: %d, want %d", tt.readings, total, tt.want)
		}
	}
}

// One device hands on packets that are old, and those from before the clock was
// set back: what comes behind them may take long.
func TestDeviceAloneAge(t *testing.T) {
	content := numberedPcap(1, 1, 1, 1, 1) // a second apart
	const record = pcapRecordLen + 1
	for i, us := range []uint32{0, 1, uint32(batchAge.Microseconds()) + 1, 5, 1} {
		at := content[pcapHeaderLen+i*record:]
		binary.LittleEndian.PutUint32(at, 1000)
		binary.LittleEndian.PutUint32(at[4:], us)
	}
	name := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	handle, err := pcap.OpenOffline(name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	l := newDeviceLane(&Live{name: "a", handle: handle})
	var ps [8]Packet
	var got []int
	for err == nil {
		var n int
		n, err = l.readAlone(ps[:])
		got = append(got, n)
	}
	if diff := cmp.Diff([]int{3, 2, 0}, got); diff != "" || err != io.EOF {
		t.Errorf("%v, packets of each batch (-want +got):\n%s", err, diff)
	}
}
