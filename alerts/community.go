package alerts

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"

	"github.com/mailtap/mailtap/dissect"
)

const protocolTCP = 6

// CommunityID returns the Community ID of the session's TCP connection, version
// 1 with seed 0, by which other tools name the same connection.
// See https://github.com/corelight/community-id-spec.
func CommunityID(f *dissect.Facts) string {
	lo, hi := f.Client, f.Server
	if lo.Compare(hi) > 0 {
		lo, hi = hi, lo
	}
	b := make([]byte, 2, 64) // the seed
	b = append(b, lo.Addr().Unmap().AsSlice()...)
	b = append(b, hi.Addr().Unmap().AsSlice()...)
	b = append(b, protocolTCP, 0)
	b = binary.BigEndian.AppendUint16(b, lo.Port())
	b = binary.BigEndian.AppendUint16(b, hi.Port())
	sum := sha1.Sum(b)
	return "1:" + base64.StdEncoding.EncodeToString(sum[:])
}
