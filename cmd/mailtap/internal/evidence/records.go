package evidence

import "encoding/binary"

// records finds what TLS records carry (RFC 8446, section 5.1) in a stream.
type records struct {
	head []byte // of the record that begins
	left int    // bytes of the record that is read
	data bool   // it is application data
}

const (
	recordHead      = 5
	applicationData = 23
)

// take calls carried with each range of b that is application data.
func (r *records) take(b []byte, carried func(from, to int)) {
	for at := 0; at < len(b); {
		if r.left == 0 {
			n := min(recordHead-len(r.head), len(b)-at)
			r.head = append(r.head, b[at:at+n]...)
			if at += n; len(r.head) < recordHead {
				return
			}
			r.data, r.left = r.head[0] == applicationData, int(binary.BigEndian.Uint16(r.head[3:]))
			r.head = r.head[:0]
			continue
		}
		n := min(r.left, len(b)-at)
		if r.data {
			carried(at, at+n)
		}
		at, r.left = at+n, r.left-n
	}
}
