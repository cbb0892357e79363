package message

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// place is where in a line of the header the next byte stands.
type place uint8

const (
	lineStart place = iota
	afterCR         // the line so far is CR
	fieldName
	behindName // spaces between the name and the colon
	fieldValue
)

// takeHeader takes bytes of the header, up to the next change of place, and
// returns how many.
func (r *Reader) takeHeader(b []byte) int {
	switch r.at {
	case lineStart:
		if n := r.skipLines(b); n > 0 {
			return n
		}
		return r.takeLineStart(b[0])
	case afterCR:
		if b[0] == '\n' {
			r.endHeader(1)
			return 1
		}
		r.notField(0)
		return 0
	case fieldName, behindName:
		return r.takeName(b)
	}
	return r.takeValue(b)
}

// skipLines takes the lines of fields that are not kept, as far as they are
// whole: most of a header is nothing else.
func (r *Reader) skipLines(b []byte) (n int) {
	for n < len(b) {
		if isBlank(b[n]) && r.field == otherField {
			// the field goes on
		} else if name := nameSize(b[n:]); name > 0 && n+name < len(b) && b[n+name] == ':' && fieldOf(b[n:n+name]) == otherField {
			r.field, r.over = otherField, false
		} else {
			break
		}
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			break
		}
		n += end + 1
		r.begun = true
	}
	return n
}

// nameSize tells how many bytes b begins with that may stand in the name of a
// field, eight at a time: of each byte of a word that may not the highest bit
// is set. A borrow may set that of a byte behind the first such one.
func nameSize(b []byte) (n int) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-n >= 8; n += 8 {
		word := binary.LittleEndian.Uint64(b[n:])
		colon, del := word^':'*ones, word^0x7f*ones
		no := word | (word-('!')*ones)&^word | (colon-ones)&^colon | (del-ones)&^del
		if no &= high; no != 0 {
			return n + bits.TrailingZeros64(no)/8
		}
	}
	for n < len(b) && inName(b[n]) {
		n++
	}
	return n
}

func (r *Reader) takeLineStart(c byte) int {
	r.line = uint16(len(r.kept))
	switch {
	case c == '\n':
		r.endHeader(1)
		return 1
	case isBlank(c):
		// RFC 5322, section 2.2.3: unfolding removes the line's end alone.
		r.at = fieldValue
		return 0
	}
	r.field, r.over = otherField, false
	r.named = 0
	if c == '\r' {
		r.at = afterCR
		r.name[0], r.named = c, 1
		return 1
	}
	r.at = fieldName
	return 0
}

// takeName takes bytes of a field's name, or of the spaces behind it. What is
// longer than nameRoom has no name that matters.
func (r *Reader) takeName(b []byte) int {
	n := 0
	for n < len(b) && (r.at == fieldName && inName(b[n]) || r.at == behindName && isBlank(b[n])) {
		n++
	}
	r.named += uint8(copy(r.name[r.named:], b[:n]))
	if n == len(b) {
		return n
	}
	switch c := b[n]; {
	case r.named > 0 && c == ':':
		r.beginValue()
		return n + 1
	case r.named > 0 && r.at == fieldName && isBlank(c):
		r.at = behindName
	default:
		r.notField(n)
	}
	return n
}

// notField: the line holds no field, as the byte n behind the offset shows. It
// ends the header, as it does for Postfix, but for the "From " that begins a
// message in a mailbox file.
func (r *Reader) notField(n int) {
	start := r.name[:r.named]
	if !r.begun && bytes.HasPrefix(bytes.TrimPrefix(start, []byte(">")), []byte("From ")) {
		r.at = fieldValue
		return
	}
	r.endHeader(n)
	if r.state == inText {
		r.takeText(start)
	}
}

func (r *Reader) beginValue() {
	r.field = fieldOf(bytes.TrimRight(r.name[:r.named], " \t"))
	if r.seen[r.field] {
		r.field = otherField // the first of a kind counts
	}
	r.value[r.field] = value{from: r.line, to: r.line}
	r.at = fieldValue
}

// takeValue takes bytes of a value, up to the end of its line.
func (r *Reader) takeValue(b []byte) int {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		r.keep(b)
		return len(b)
	}
	r.keep(b[:end])
	r.at, r.begun = lineStart, true
	if r.field != otherField {
		r.endLine()
	}
	return end + 1
}

// endLine: a line of the value is whole, and counts.
func (r *Reader) endLine() {
	if n := len(r.kept); n > int(r.line) && r.kept[n-1] == '\r' && !r.over {
		r.kept = r.kept[:n-1]
	}
	v := &r.value[r.field]
	v.to, v.cut = uint16(len(r.kept)), r.over
	r.seen[r.field] = true
}

// firstRoom is what the values of most messages need.
const firstRoom = 192

// keep keeps bytes of the value. Of To it counts what has no room.
func (r *Reader) keep(b []byte) {
	if r.field == otherField {
		return
	}
	if r.kept == nil {
		r.kept = make([]byte, 0, firstRoom)
	}
	room := maxValue[r.field] - (len(r.kept) - int(r.value[r.field].from))
	n := min(len(b), room)
	r.kept = append(r.kept, b[:n]...)
	if n == len(b) {
		return
	}
	if r.field == to {
		if !r.over {
			r.dropped++
		}
		r.dropped += uint32(bytes.Count(b[n:], []byte{','}))
	}
	r.over = true
}

// wholePieces returns what is kept of a list, without a last piece that was
// cut.
func (r *Reader) wholePieces(f field) []byte {
	b := r.text(f)
	if r.value[f].cut {
		b = b[:max(0, bytes.LastIndexByte(b, ','))]
	}
	return b
}
