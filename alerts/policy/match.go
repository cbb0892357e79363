package policy

import (
	"net/netip"
	"slices"
	"time"

	"github.com/mailtap/mailtap/dissect"
)

// Match is which sessions a row is for. Every part that is not empty has to
// hold, by one of its values.
type Match struct {
	Servers   []netip.Prefix
	Clients   []netip.Prefix
	Ports     []uint16 // of the server
	Protocols []dissect.Protocol
	Names     []string // of the server, in lower case; "*.example.com" is every name below it
	Hours     Hours    // in which the session begins
}

// Hours is a part of the day in UTC, in minutes since midnight: From is in it,
// To is not. It may go over midnight. The zero value is the whole day.
type Hours struct{ From, To uint16 }

const day = 24 * 60

// length returns how many minutes h has.
func (h Hours) length() int {
	if h.From < h.To {
		return int(h.To - h.From)
	}
	return day - int(h.From) + int(h.To)
}

// after returns how many minutes a minute of the day comes after h.From.
func (h Hours) after(minute uint16) int {
	return (int(minute) + day - int(h.From)) % day
}

func (h Hours) contain(t time.Time) bool {
	t = t.UTC()
	return h.after(uint16(t.Hour()*60+t.Minute())) < h.length()
}

// partial are the flags of a session of which something was not seen, so that
// silence means nothing.
const partial = dissect.Midstream | dissect.OneSided | dissect.Gap | dissect.Evicted | dissect.Truncated

// matches tells whether a session is one of m. Unknown: what it goes by was
// not seen.
func (m *Match) matches(f *dissect.Facts) dissect.Answer {
	switch {
	case len(m.Servers) > 0 && !inAny(m.Servers, f.Server.Addr()),
		len(m.Clients) > 0 && !inAny(m.Clients, f.Client.Addr()),
		len(m.Ports) > 0 && !slices.Contains(m.Ports, f.Server.Port()),
		!m.Hours.contain(time.Unix(0, f.Start)):
		return dissect.No
	}
	protocol, name := m.matchesProtocol(f), m.matchesName(f)
	switch {
	case protocol == dissect.No || name == dissect.No:
		return dissect.No
	case protocol == dissect.Unknown || name == dissect.Unknown:
		return dissect.Unknown
	}
	return dissect.Yes
}

func (m *Match) matchesProtocol(f *dissect.Facts) dissect.Answer {
	switch {
	case len(m.Protocols) == 0, slices.Contains(m.Protocols, f.Protocol):
		return dissect.Yes
	case f.Protocol == dissect.NoProtocol:
		return dissect.Unknown
	}
	return dissect.No
}

// matchesName goes by the names that the server gave. It has none where its
// greeting was read and none was in it; it may have any where that was missed.
func (m *Match) matchesName(f *dissect.Facts) dissect.Answer {
	if len(m.Names) == 0 {
		return dissect.Yes
	}
	named := false
	for name := range serverNames(f) {
		if anyName(m.Names, name) {
			return dissect.Yes
		}
		named = true
	}
	if !named && f.Banner == "" && f.Flags&partial != 0 {
		return dissect.Unknown
	}
	return dissect.No
}
