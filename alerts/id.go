package alerts

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"

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

// NewSessionID derives the id of the session that f tells of.
func NewSessionID(f *dissect.Facts) SessionID {
	var b bytes.Buffer
	for _, v := range f.VLAN {
		binary.Write(&b, binary.BigEndian, v)
	}
	b.WriteByte(0)
	b.WriteString(strings.Join(f.Tunnel, ","))
	b.WriteByte(0)
	lo, hi := f.Client, f.Server
	if lo.Compare(hi) > 0 {
		lo, hi = hi, lo
	}
	for _, end := range []netip.AddrPort{lo, hi} {
		addr := end.Addr().As16()
		b.Write(addr[:])
		binary.Write(&b, binary.BigEndian, end.Port())
	}
	binary.Write(&b, binary.BigEndian, f.Start/1000)
	return SessionID(cut(b.Bytes()))
}

// NewFindingID derives the id of a finding.
func NewFindingID(session SessionID, rule, account string) FindingID {
	return FindingID(cut([]byte(string(session[:]) + rule + "\x00" + account)))
}

// NewCaseID derives the id of the case that a finding of rule belongs to.
func NewCaseID(rule string, blame Blame, client, server netip.AddrPort, account string) CaseID {
	key := rule + "\x00" + server.String() + "\x00"
	switch blame {
	case BlameClient, BlamePath, BlameClientServer:
		key += client.Addr().String() // not its port, which changes with every session
	case BlameAccount:
		key += account
	}
	return CaseID(cut([]byte(key)))
}

func cut(b []byte) [12]byte {
	sum := sha256.Sum256(b)
	return [12]byte(sum[:12])
}
