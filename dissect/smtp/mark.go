package smtp

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect/line"
)

// lineEnd is what stands at one side of a dot that is alone in its line.
type lineEnd uint8

const (
	noEnd lineEnd = iota
	crlf
	lf
	cr
)

var lineEndNames = [...]string{"", "CRLF", "LF", "CR"}

// mark is a line of a single dot in content. The zero mark is none.
type mark struct{ before, after lineEnd }

// end tells whether m is the mark that ends content (RFC 5321, section
// 4.1.1.4).
func (m mark) end() bool { return m == mark{crlf, crlf} }

// lines tells whether m stands between lines for one who ends his own with LF
// alone.
func (m mark) lines() bool { return m.before != cr && m.after != cr && m.after != noEnd }

// size is that of the dot and the line end behind it.
func (m mark) size() uint64 {
	if m.after == crlf {
		return uint64(len(".\r\n"))
	}
	return uint64(len(".\n"))
}

// bareEnd tells the first line end of m that is a LF or a CR alone, and how far
// before the end of m it begins.
func (m mark) bareEnd() (is lineEnd, back uint64) {
	switch {
	case m.before == lf, m.before == cr:
		return m.before, m.size() + 1
	case m.after == lf, m.after == cr:
		return m.after, 1
	}
	return noEnd, 0
}

func (m mark) String() string { return lineEndNames[m.before] + " . " + lineEndNames[m.after] }

// marks finds the lines of a single dot in content that comes in pieces.
type marks struct {
	state  markState
	before lineEnd  // before the dot
	last   [2]int16 // bytes of the content so far, or unknown
	seen   int      // bytes that were searched for a LF or a CR alone
	bare   bool     // there is one among them
}

// maxSurvey is how much of a content is searched for line ends that are a LF or
// a CR alone: who writes such, does it from the beginning. Marks are searched
// for in all of it.
const maxSurvey = 8 << 10

// unknown stands for a byte that was not seen.
const unknown = -1

type markState uint8

const (
	inText     markState = iota
	afterDot             // a line end and a dot
	afterDotCR           // and a CR
)

// next returns how many bytes of b stand before the end of the next mark, and
// the mark; without one it takes all of b.
func (f *marks) next(b []byte) (n int, m mark) {
	for n < len(b) && m == (mark{}) {
		switch f.state {
		case inText:
			n = f.findDot(b, n)
			if n < len(b) {
				f.before = f.endBefore(b[:n])
				f.state = afterDot
				n++
			}
		case afterDot:
			f.state = inText
			switch b[n] {
			case '\n':
				m = mark{f.before, lf}
				n++
			case '\r':
				f.state = afterDotCR
				n++
			}
		case afterDotCR:
			f.state = inText
			m = mark{f.before, cr}
			if b[n] == '\n' {
				m.after = crlf
				n++
			}
		}
	}
	f.survey(b[:n])
	f.last = lastTwo(f.last, b[:n])
	return n, m
}

// begun returns how many of the bytes taken last may begin a mark.
func (f *marks) begun() uint64 {
	switch f.state {
	case afterDot:
		return uint64(len("."))
	case afterDotCR:
		return uint64(len(".\r"))
	}
	return 0
}

// findDot returns where the next dot stands that begins a line, from n on.
func (f *marks) findDot(b []byte, n int) int {
	if n == 0 && b[0] == '.' && f.last[1] != '\n' && f.last[1] != '\r' {
		n++
	}
	return line.NextDot(b, n)
}

// survey looks for a bare line end in b, the next bytes of the content.
func (f *marks) survey(b []byte) {
	if f.bare || f.seen == maxSurvey {
		return
	}
	b = b[:min(len(b), maxSurvey-f.seen)]
	f.seen += len(b)
	f.bare = !clean(f.last[1], b)
}

// clean tells whether all line ends of b are CRLF: each LF has its CR, and there
// are no more CRs than those. prev is the byte before b.
func clean(prev int16, b []byte) bool {
	feeds := 0
	for i := 0; i < len(b); i++ {
		j := bytes.IndexByte(b[i:], '\n')
		if j < 0 {
			break
		}
		i += j
		if before := byteBefore(prev, b, i); before == '\r' {
			feeds++
		} else if before != unknown {
			return false
		}
	}
	returns := bytes.Count(b, []byte{'\r'})
	if prev == '\r' {
		returns++
	}
	if len(b) > 0 && b[len(b)-1] == '\r' {
		returns-- // the next byte tells
	}
	return feeds == returns
}

// byteBefore returns the byte before b[n]; prev is the one before b.
func byteBefore(prev int16, b []byte, n int) int16 {
	if n == 0 {
		return prev
	}
	return int16(b[n-1])
}

// open returns the mark behind whose CR nothing has come yet.
func (f *marks) open() mark {
	if f.state != afterDotCR {
		return mark{}
	}
	f.state = inText
	return mark{f.before, cr}
}

// endBefore tells which line end stands behind b. A LF whose byte before was
// lost counts as CRLF.
func (f *marks) endBefore(b []byte) lineEnd {
	switch last := lastTwo(f.last, b); {
	case last[1] == '\r':
		return cr
	case last[1] != '\n':
		return noEnd
	case last[0] == '\r', last[0] == unknown:
		return crlf
	}
	return lf
}

// lastTwo returns the last two bytes behind b, which follows two others.
func lastTwo(before [2]int16, b []byte) [2]int16 {
	switch n := len(b); n {
	case 0:
		return before
	case 1:
		return [2]int16{before[1], int16(b[0])}
	default:
		return [2]int16{int16(b[n-2]), int16(b[n-1])}
	}
}

// bareEnd returns where b has its first line end that is a LF or a CR alone:
// -1 where that is a CR before b. prev is the byte before b.
func bareEnd(prev int16, b []byte) (at int, found bool) {
	for i, c := range b {
		switch {
		case prev == '\r' && c != '\n':
			return i - 1, true
		case prev != '\r' && prev != unknown && c == '\n':
			return i, true
		}
		prev = int16(c)
	}
	return 0, false
}
