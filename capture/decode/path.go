package decode

// MaxPaths bounds the paths that get an id of their own.
const MaxPaths = 16 << 10

const maxVLANs = 4 // of one path; further tags are passed over

// others is the path of all that found no room.
const others PathID = 1

// pathKey is a path while a packet is decoded.
type pathKey struct {
	vlans   [maxVLANs]uint16 // outermost first, 0 after the last
	tunnels [maxTunnels]tunnel
}

func (k *pathKey) addVLAN(id uint16) {
	for i := range k.vlans {
		if k.vlans[i] == 0 {
			k.vlans[i] = id
			return
		}
	}
}

// addTunnel reports whether there was room.
func (k *pathKey) addTunnel(t tunnel) bool {
	for i := range k.tunnels {
		if k.tunnels[i] == noTunnel {
			k.tunnels[i] = t
			return true
		}
	}
	return false
}

// bounds tells whether what is decoded cannot be longer than its tunnel's
// packet. Only a mirror's copy is cut on purpose.
func (k *pathKey) bounds() bool {
	var last tunnel
	for _, t := range k.tunnels {
		if t != noTunnel {
			last = t
		}
	}
	return last != noTunnel && last != erspan
}

// paths gives each path an id.
type paths struct {
	ids     map[pathKey]PathID
	keys    []pathKey // by PathID
	last    pathKey
	lastID  PathID
	dropped uint64
}

func newPaths() paths {
	return paths{ids: map[pathKey]PathID{{}: 0}, keys: make([]pathKey, others+1)}
}

// id returns the id of a path, most often the one of the packet before.
func (p *paths) id(k pathKey) PathID {
	if k == p.last {
		return p.lastID
	}
	id, ok := p.ids[k]
	switch {
	case ok:
	case len(p.ids) < MaxPaths:
		id = PathID(len(p.keys))
		p.ids[k] = id
		p.keys = append(p.keys, k)
	default:
		p.dropped++
		return others
	}
	p.last, p.lastID = k, id
	return id
}

// lists returns what an id stands for.
func (p *paths) lists(id PathID) (vlans []uint16, tunnels []string) {
	if id == others {
		return nil, []string{"others"}
	}
	if int(id) >= len(p.keys) {
		return nil, nil
	}
	for _, vlan := range p.keys[id].vlans {
		if vlan != 0 {
			vlans = append(vlans, vlan)
		}
	}
	for _, t := range p.keys[id].tunnels {
		if t != noTunnel {
			tunnels = append(tunnels, tunnelNames[t])
		}
	}
	return vlans, tunnels
}
