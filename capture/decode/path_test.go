package decode_test

import (
	"slices"
	"testing"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/capture/decode"
)

// tags returns a frame within two VLANs.
func tags(outer, inner uint16) []byte {
	b := []byte(macs + "\x88\xa8\x00\x00\x81\x00\x00\x00\x08\x00" + packet4)
	big.PutUint16(b[14:], outer)
	big.PutUint16(b[18:], inner)
	return b
}

// The same path has the same id, also after others; the table is bounded, and
// what finds no room shares one path and is counted.
func TestPath(t *testing.T) {
	d := decode.New()
	var s decode.Segment
	path := func(outer, inner uint16) decode.PathID {
		if r := d.Decode(&capture.Packet{Data: tags(outer, inner), Link: ether}, &s); r != decode.TCP {
			t.Fatal(r)
		}
		return s.Path
	}
	first := path(1, 2)
	if path(2, 1) == first || path(1, 2) != first {
		t.Error("paths are mixed up")
	}
	if path(0, 0) != 0 {
		t.Error("no VLAN is not path 0")
	}
	for i := range decode.MaxPaths {
		path(uint16(1+i/4000), uint16(1+i%4000))
	}
	if d.PathsDropped() == 0 || d.PathsDropped() >= 10 {
		t.Errorf("%d packets without a path of their own", d.PathsDropped())
	}
	dropped := d.PathsDropped()
	if vlans, tunnels := d.Path(path(4000, 1)); vlans != nil || !slices.Equal(tunnels, []string{"others"}) {
		t.Errorf("one path too many: %v %v", vlans, tunnels)
	}
	if d.PathsDropped() != dropped+1 {
		t.Errorf("%d dropped, want one more than %d", d.PathsDropped(), dropped)
	}
	if vlans, tunnels := d.Path(path(1, 2)); path(1, 2) != first || !slices.Equal(vlans, []uint16{1, 2}) || tunnels != nil {
		t.Errorf("the first path is now %v %v", vlans, tunnels)
	}
	if vlans, tunnels := d.Path(1 << 30); vlans != nil || tunnels != nil {
		t.Errorf("a path that was never given: %v %v", vlans, tunnels)
	}
}

// Tunnels make paths of their own, in the same table.
func TestTunnelPath(t *testing.T) {
	d := decode.New()
	var s decode.Segment
	ids := map[decode.PathID]string{}
	for range 2 {
		for name, packet := range map[string]string{
			"":             packet4,
			"ipip":         ip4(4, "", packet4),
			"gre":          ip4(47, "", "\x00\x00\x08\x00"+packet4),
			"gre and ipip": ip4(47, "", "\x00\x00\x08\x00"+ip4(4, "", packet4)),
			"ipip and gre": ip4(4, "", ip4(47, "", "\x00\x00\x08\x00"+packet4)),
		} {
			if r := d.Decode(&capture.Packet{Data: []byte(packet), Link: raw}, &s); r != decode.TCP {
				t.Fatal(name, r)
			}
			if have, ok := ids[s.Path]; ok && have != name {
				t.Errorf("%q and %q have the same path", have, name)
			}
			ids[s.Path] = name
		}
	}
	if len(ids) != 5 {
		t.Errorf("%d paths: %v", len(ids), ids)
	}
}
