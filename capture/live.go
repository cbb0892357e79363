package capture

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/google/gopacket/pcap"
)

const (
	liveTimeout       = 100 * time.Millisecond // of a read: how long an idle Next takes
	defaultSnaplen    = 256 << 10
	defaultLiveBuffer = 16 << 20
)

// anyInterface is Linux's name for all devices at once, which cannot be made
// promiscuous.
const anyInterface = "any"

// Direction chooses packets by the way they take through the device.
type Direction uint8

// The directions.
const (
	Both Direction = iota
	In
	Out
)

// LiveOptions say how to capture. The zero value is usable.
type LiveOptions struct {
	Promiscuous bool
	Direction   Direction
	Snaplen     int      // bytes of a packet; 0: 256 KiB, all there is
	BufferBytes int      // of the kernel's ring; 0: 16 MiB
	Filter      string   // in the language of pcap-filter(7), applied by the kernel; see LiveFilter
	Ports       []uint16 // only TCP from or to them; nil: any; see LiveFilter
}

// Live captures from a device. It is not safe for concurrent use: one
// goroutine reads, asks for Stats and closes.
type Live struct {
	Link LinkType

	name   string
	index  int // of the device; 0: not known, as of "any"
	file   int32
	handle *pcap.Handle
	number uint64
	stats  LiveStats
	seen   [3]uint32 // libpcap's counters, which wrap

	state  State
	looked time.Time // at the state
}

// LiveStats counts what the kernel saw since the capture began.
type LiveStats struct {
	Received         uint64 // by the filter
	Dropped          uint64 // because the ring was full
	InterfaceDropped uint64 // by the device or its driver; only known of a promiscuous one
}

// OpenLive begins to capture. Its errors say which devices exist, or which
// right is missing.
func OpenLive(iface string, opts LiveOptions) (*Live, error) {
	promiscuous := opts.Promiscuous && iface != anyInterface
	handle, err := activate(iface, opts, promiscuous)
	if err != nil && promiscuous && err.Error() == "Cannot set as promisc" {
		// A warning of libpcap's that gopacket takes for a failure: the device
		// has no such mode.
		handle, err = activate(iface, opts, false)
	}
	if err != nil {
		return nil, explain(iface, err)
	}
	l := &Live{Link: LinkType(handle.LinkType()), name: iface, handle: handle, looked: time.Now()}
	if device, err := net.InterfaceByName(iface); err == nil {
		l.index = device.Index
	}
	if err := l.restrict(opts); err != nil {
		handle.Close()
		return nil, err
	}
	return l, nil
}

// restrict sets which packets are captured.
func (l *Live) restrict(opts LiveOptions) error {
	expr, err := LiveFilter(l.Link, opts.Filter, opts.Ports)
	if err != nil {
		return err
	}
	if expr != "" {
		if err := l.handle.SetBPFFilter(expr); err != nil {
			return fmt.Errorf("%s: filter %q: %w", l.name, cmp.Or(opts.Filter, expr), err)
		}
	}
	direction := map[Direction]pcap.Direction{In: pcap.DirectionIn, Out: pcap.DirectionOut}
	if d, ok := direction[opts.Direction]; ok {
		if err := l.handle.SetDirection(d); err != nil {
			return fmt.Errorf("%s: the device does not tell directions apart: %w", l.name, err)
		}
	}
	return nil
}

func activate(iface string, opts LiveOptions, promiscuous bool) (*pcap.Handle, error) {
	h, err := pcap.NewInactiveHandle(iface)
	if err != nil {
		return nil, err
	}
	defer h.CleanUp()
	err = errors.Join(
		h.SetSnapLen(orDefault(opts.Snaplen, defaultSnaplen)),
		h.SetBufferSize(orDefault(opts.BufferBytes, defaultLiveBuffer)),
		h.SetPromisc(promiscuous),
		h.SetTimeout(liveTimeout),
	)
	if err != nil {
		return nil, err
	}
	return h.Activate()
}

func orDefault(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// explain says what a person can do about a device that did not open. gopacket
// gives libpcap's codes as words only.
func explain(iface string, err error) error {
	names, found := interfaceNames(iface)
	switch {
	case !found:
		return fmt.Errorf("%s: no such interface; there are: %s", iface, names)
	case err.Error() == "Permission Denied", err.Error() == "unknown activated error: -11":
		return fmt.Errorf("%s: capturing needs CAP_NET_RAW: sudo, or setcap cap_net_raw+ep on the program", iface)
	case err.Error() == "Interface Not Up":
		return fmt.Errorf("%s: the interface is down; try: ip link set %s up", iface, iface)
	}
	return fmt.Errorf("%s: %w", iface, err)
}

// Next reads the next packet into p; p.Data is valid until the next call. It
// returns ErrTimeout when none came within a tenth of a second, so that a
// caller can look whether to stop, and a *Change when the device has.
func (l *Live) Next(p *Packet) error {
	if l.state == Gone {
		return io.EOF
	}
	data, info, err := l.handle.ZeroCopyReadPacketData()
	switch err {
	case nil:
	case pcap.NextErrorTimeoutExpired:
		if time.Since(l.looked) >= lookEvery {
			return l.look(nil)
		}
		return ErrTimeout
	case pcap.NextErrorReadError:
		return l.look(l.handle.Error())
	case io.EOF:
		return err
	default:
		return fmt.Errorf("%s: reading from the device: %w", l.name, err)
	}
	l.number++
	p.Data, p.Length = data, max(info.Length, len(data))
	p.Time = info.Timestamp.UnixNano()
	p.Number, p.File, p.Link = l.number, l.file, l.Link
	return nil
}

// Stats returns the counters so far. Called once in a while, it also counts
// past the 32 bits that libpcap has for each.
func (l *Live) Stats() (LiveStats, error) {
	now, err := l.handle.Stats()
	if err != nil {
		return l.stats, err
	}
	l.stats.Received += l.since(0, now.PacketsReceived)
	l.stats.Dropped += l.since(1, now.PacketsDropped)
	l.stats.InterfaceDropped += l.since(2, now.PacketsIfDropped)
	return l.stats, nil
}

// since returns by how much a counter has grown. One that fell has lost its
// source: libpcap takes a device that is gone, or a /sys that may not be read
// any more, for one without drops.
func (l *Live) since(i, now int) uint64 {
	grown := int32(uint32(now) - l.seen[i])
	l.seen[i] = uint32(now)
	return uint64(max(0, grown))
}

// Close ends the capture; p.Data of the last packet is gone.
func (l *Live) Close() error {
	l.handle.Close()
	return nil
}
