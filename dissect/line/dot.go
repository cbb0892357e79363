package line

import "bytes"

// A Dot finds the end of a block that ends with a line of a single dot. The
// zero value stands at the beginning of a line, where a block begins.
type Dot struct{ state dotState }

type dotState uint8

const (
	lineStart  dotState = iota // the last byte was LF, or there was none
	inLine                     // within a line
	afterDot                   // a dot stands first in the line
	afterDotCR                 // the line so far is dot, CR
)

// Take returns how many bytes of b belong to the block, its end mark included,
// and whether the mark was found. The mark is CRLF dot CRLF; a bare LF is
// accepted in place of each CRLF, as most servers do.
func (d *Dot) Take(b []byte) (n int, end bool) {
	for n < len(b) {
		switch d.state {
		case inLine:
			// Dots are rarer than line ends, and BASE64 has none.
			i := bytes.IndexByte(b[n:], '.')
			if i < 0 {
				if b[len(b)-1] == '\n' {
					d.state = lineStart
				}
				return len(b), false
			}
			n += i + 1
			if i > 0 && b[n-2] == '\n' {
				d.state = afterDot
				continue
			}
			for n < len(b) && b[n] == '.' {
				n++ // of dots in a row only the first can begin a line
			}
		case lineStart:
			d.state = inLine
			if b[n] == '.' {
				d.state = afterDot
				n++
			}
		case afterDot:
			switch b[n] {
			case '\n':
				d.state = lineStart
				return n + 1, true
			case '\r':
				d.state = afterDotCR
				n++
			default:
				d.state = inLine
			}
		case afterDotCR:
			if b[n] == '\n' {
				d.state = lineStart
				return n + 1, true
			}
			d.state = inLine
		}
	}
	return n, false
}
