package inflate

import "math/bits"

// Sizes of the alphabets (RFC 1951, sections 3.2.5 to 3.2.7).
const (
	maxLiterals  = 288
	maxDistances = 32
	maxCodes     = 19
	maxSize      = 15 // bits of a code

	endOfBlock = 256
)

// fastBits is how many bits the table of short codes looks at.
const fastBits = 10

// huffman is a canonical code (RFC 1951, section 3.2.2). Codes of one size are
// consecutive numbers.
type huffman struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | size, by the next bits; 0: none is so short
	limit  [maxSize + 1]uint16   // by size, the number behind the last code
	place  [maxSize + 1]int32    // by size, what a code is short of its place in sorted
	sorted [maxLiterals]uint16   // symbols by size, then by value
}

// build makes the code from its sizes. A code must use all of its bits up,
// unless it has one symbol alone or none (as zlib has it).
func (h *huffman) build(sizes []uint8) bool {
	*h = huffman{}
	var counts [maxSize + 1]uint16
	for _, size := range sizes {
		counts[size]++
	}
	counts[0] = 0
	var next [maxSize + 1]uint16
	free, total := 1, 0
	for size := 1; size <= maxSize; size++ {
		free = free<<1 - int(counts[size])
		if free < 0 {
			return false
		}
		next[size] = h.limit[size-1] << 1
		h.limit[size] = next[size] + counts[size]
		h.place[size] = int32(total) - int32(next[size])
		total += int(counts[size])
	}
	if free > 0 && total > 0 && (total > 1 || counts[1] == 0) {
		return false
	}
	for symbol, size := range sizes {
		if size == 0 {
			continue
		}
		code := next[size]
		next[size]++
		h.sorted[h.place[size]+int32(code)] = uint16(symbol)
		if size <= fastBits {
			h.shortcut(bits.Reverse16(code)>>(16-size), uint16(symbol), size)
		}
	}
	return true
}

// shortcut enters a short code, with anything behind it.
func (h *huffman) shortcut(code, symbol uint16, size uint8) {
	for i := int(code); i < len(h.fast); i += 1 << size {
		h.fast[i] = symbol<<4 | uint16(size)
	}
}

// The results of decode beside a symbol.
const (
	tooFew  = -1 // bits
	invalid = -2
)

// decode reads a symbol from count bits, and tells its size.
func (h *huffman) decode(next uint64, count uint) (symbol int, size uint) {
	if e := h.fast[next%uint64(len(h.fast))]; e != 0 {
		size = uint(e & 15)
		if size > count {
			return tooFew, 0
		}
		return int(e >> 4), size
	}
	return h.decodeLong(next, count)
}

// decodeLong goes from size to size: what is below the limit of its size, and of
// no shorter one, is a code.
func (h *huffman) decodeLong(next uint64, count uint) (symbol int, size uint) {
	reversed := bits.Reverse16(uint16(next))
	for size = fastBits + 1; size <= maxSize; size++ {
		if size > count {
			return tooFew, 0
		}
		if code := reversed >> (16 - size); code < h.limit[size] {
			return int(h.sorted[h.place[size]+int32(code)]), size
		}
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
