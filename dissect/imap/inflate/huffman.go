package inflate

// Sizes of the alphabets (RFC 1951, sections 3.2.5 to 3.2.7).
const (
	maxLiterals  = 288
	maxDistances = 32
	maxCodes     = 19
	maxSize      = 15 // bits of a code

	endOfBlock = 256
)

// fastBits is how many bits the table of short codes looks at.
const fastBits = 9

// huffman is a canonical code (RFC 1951, section 3.2.2).
type huffman struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | size, by the next bits; 0: none is so short
	counts [maxSize + 1]uint16   // codes by size
	sorted [maxLiterals]uint16   // symbols by size, then by value
}

// build makes the code from its sizes. A code must use all of its bits up,
// unless it has one symbol alone or none (as zlib has it).
func (h *huffman) build(sizes []uint8) bool {
	*h = huffman{}
	for _, size := range sizes {
		h.counts[size]++
	}
	h.counts[0] = 0
	var next, place [maxSize + 2]uint16
	free := 1
	for size := 1; size <= maxSize; size++ {
		free = free<<1 - int(h.counts[size])
		if free < 0 {
			return false
		}
		next[size+1] = (next[size] + h.counts[size]) << 1
		place[size+1] = place[size] + h.counts[size]
	}
	if total := place[maxSize+1]; free > 0 && total > 0 && (total > 1 || h.counts[1] == 0) {
		return false
	}
	for symbol, size := range sizes {
		if size == 0 {
			continue
		}
		h.sorted[place[size]] = uint16(symbol)
		place[size]++
		if size <= fastBits {
			h.shortcut(reversed(next[size], size), uint16(symbol), size)
		}
		next[size]++
	}
	return true
}

// shortcut enters a short code, with anything behind it.
func (h *huffman) shortcut(code, symbol uint16, size uint8) {
	for i := int(code); i < len(h.fast); i += 1 << size {
		h.fast[i] = symbol<<4 | uint16(size)
	}
}

func reversed(code uint16, size uint8) uint16 {
	var r uint16
	for range size {
		r = r<<1 | code&1
		code >>= 1
	}
	return r
}

// The results of decode beside a symbol.
const (
	tooFew  = -1 // bits
	invalid = -2
)

// decode reads a symbol from count bits, and tells its size.
func (h *huffman) decode(bits uint64, count uint) (symbol int, size uint) {
	if e := h.fast[bits&(1<<fastBits-1)]; e != 0 {
		size = uint(e & 15)
		if size > count {
			return tooFew, 0
		}
		return int(e >> 4), size
	}
	return h.decodeLong(bits, count)
}

// decodeLong goes from size to size. Codes of one size are consecutive numbers.
func (h *huffman) decodeLong(bits uint64, count uint) (symbol int, size uint) {
	code, first, index := 0, 0, 0
	for size = 1; size <= maxSize; size++ {
		if size > count {
			return tooFew, 0
		}
		code |= int(bits & 1)
		bits >>= 1
		n := int(h.counts[size])
		if code < first+n {
			return int(h.sorted[index+code-first]), size
		}
		index += n
		first = (first + n) << 1
		code <<= 1
	}
	return invalid, 0
}

// The codes of blocks without their own (RFC 1951, section 3.2.6).
var fixedLiterals, fixedDistances = fixedCodes()

func fixedCodes() (literals, distances huffman) {
	var sizes [maxLiterals]uint8
	for i := range sizes {
		switch {
		case i < 144:
			sizes[i] = 8
		case i < 256:
			sizes[i] = 9
		case i < 280:
			sizes[i] = 7
		default:
			sizes[i] = 8
		}
	}
	literals.build(sizes[:])
	var fives [maxDistances]uint8
	for i := range fives {
		fives[i] = 5
	}
	distances.build(fives[:])
	return literals, distances
}
