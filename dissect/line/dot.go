package line

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

// Begun returns how many of the bytes taken last may begin the end mark.
func (d *Dot) Begun() uint64 {
	switch d.state {
	case afterDot:
		return uint64(len("."))
	case afterDotCR:
		return uint64(len(".\r"))
	}
	return 0
}

// Take returns how many bytes of b belong to the block, its end mark included,
// and whether the mark was found. The mark is CRLF dot CRLF; a bare LF is
// accepted in place of each CRLF, as most servers do.
func (d *Dot) Take(b []byte) (n int, end bool) {
	for n < len(b) {
		switch d.state {
		case inLine:
			start := n
			if n == 0 && b[0] == '.' {
				start++ // b[0] begins no line
			}
			n = NextDot(b, start)
			if n == len(b) {
				if b[n-1] == '\n' {
					d.state = lineStart
				}
				return n, false
			}
			n++
			if b[n-2] == '\n' {
				d.state = afterDot
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
