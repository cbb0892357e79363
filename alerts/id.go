package alerts

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"

	"github.com/mailtap/mailtap/dissect"
)

// SessionID names a session: the first 96 bits of SHA-256 over what it came
// through, its endpoints and the time of its first packet in µs. The same
// packets always give the same id.
type SessionID [12]byte

// FindingID names a finding: its session, rule and account.
type FindingID [12]byte

// CaseID names a case: its rule and case key.
type CaseID [12]byte

func (id SessionID) String() string { return "s_" + hex.EncodeToString(id[:]) }
func (id FindingID) String() string { return "f_" + hex.EncodeToString(id[:]) }
func (id CaseID) String() string    { return "c_" + hex.EncodeToString(id[:]) }

// keySize is room for what most ids are derived from.
const keySize = 128

// NewSessionID derives the id of the session that f tells of.
func NewSessionID(f *dissect.Facts) SessionID {
	var buf [keySize]byte
	b := buf[:0]
	for _, v := range f.VLAN {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	b = append(b, 0)
	for i, t := range f.Tunnel {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, t...)
	}
	b = append(b, 0)
	lo, hi := f.Client, f.Server
	if lo.Compare(hi) > 0 {
		lo, hi = hi, lo
	}
	for _, end := range [...]netip.AddrPort{lo, hi} {
		addr := end.Addr().As16()
		b = append(b, addr[:]...)
		b = binary.BigEndian.AppendUint16(b, end.Port())
	}
	return SessionID(cut(binary.BigEndian.AppendUint64(b, uint64(f.Start/1000))))
}

// NewFindingID derives the id of a finding.
func NewFindingID(session SessionID, rule, account string) FindingID {
	var buf [keySize]byte
	b := append(buf[:0], session[:]...)
	b = append(b, rule...)
	b = append(b, 0)
	return FindingID(cut(append(b, account...)))
}

// NewCaseID derives the id of the case that a finding of rule belongs to.
func NewCaseID(rule string, blame Blame, client, server netip.AddrPort, account string) CaseID {
	var buf [keySize]byte
	b := append(buf[:0], rule...)
	b = append(b, 0)
	b = server.AppendTo(b)
	b = append(b, 0)
	switch blame {
	case BlameClient, BlamePath, BlameClientServer:
		b = client.Addr().AppendTo(b) // not its port, which changes with every session
	case BlameAccount:
		b = append(b, account...)
	}
	return CaseID(cut(b))
}

func cut(b []byte) [12]byte {
	sum := sha256.Sum256(b)
	return [12]byte(sum[:12])
}
