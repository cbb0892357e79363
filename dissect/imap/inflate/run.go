package inflate

import "encoding/binary"

// wordSize is how many bytes run takes at once.
const wordSize = 8

// run reads symbols as symbol does, as long as src has bytes enough for any of
// them: it need not ask for each bit whether it is there, and keeps what it
// counts at hand. What it cannot read it leaves. Most of a stream goes this way.
func (r *Reader) run() {
	src, bits, count, at := r.src, r.bits, r.count, r.at
	begin, end, entered := r.position(), (r.in+uint64(len(src)))*8, at
	fast, window, limit, byLine := &r.literal.fast, &r.window, r.limit, r.byLine
	need := uint(maxSize) // bits
	for at < limit {
		if count < need {
			if len(src) < wordSize {
				break
			}
			bits |= binary.LittleEndian.Uint64(src) << (count % 64)
			src = src[(63-count)/8:]
			count |= 56
			need = maxSize
		}
		e := fast[bits%uint64(len(fast))]
		if (e-1)>>4 < endOfBlock { // a short literal; 0 is none
			window[at] = byte(e >> 4)
			at++
			bits >>= e & 15
			count -= uint(e & 15)
			if byLine && byte(e>>4) == '\n' {
				break
			}
			continue
		}
		if count < maxMatch {
			need = maxMatch
			continue
		}
		symbol, size := int(e>>4), uint(e&15)
		if e == 0 {
			symbol, size = r.literal.decodeLong(bits, count)
		}
		if symbol < 0 || symbol == endOfBlock {
			break
		}
		if symbol < endOfBlock {
			window[at] = byte(symbol)
			at++
			bits >>= size % 64
			count -= size
			if byLine && symbol == '\n' {
				break
			}
			continue
		}
		length, distance, size := readMatch(r.dist, symbol, size, bits, count)
		start := end - uint64(len(src))*8 - uint64(count)
		if length < 0 || r.fault(distance, at, start) != nil {
			break
		}
		bits >>= size % 64
		count -= size
		r.matchStart, r.matchEnd = start/8, (start+uint64(size)+7)/8
		r.left, r.distance, r.at = length, distance, at
		r.match()
		at = r.at
		if r.distance > 0 || byLine && window[at-1] == '\n' {
			break
		}
	}
	r.in = end/8 - uint64(len(src))
	r.src, r.bits, r.count = src, bits&(1<<count-1), count
	if at == entered {
		return
	}
	if r.at = at; entered == r.from {
		r.Start = begin / 8
	}
	r.End = (r.position() + 7) / 8
}
