package inflate

// tableSizes reads how many sizes of codes follow (RFC 1951, section 3.2.7).
func (r *Reader) tableSizes() bool {
	v, ok := r.take(14)
	if !ok {
		return false
	}
	r.literals, r.dists, r.codes = v&31+257, v>>5&31+1, v>>10+4
	if r.literals > endOfBlock+1+29 || r.dists > 30 {
		return r.fail(ErrCorrupt)
	}
	r.sizes = [len(r.sizes)]uint8{}
	r.filled = 0
	r.step = codeLengths
	return true
}

// codeOrder is the order in which the sizes of the code for sizes come.
var codeOrder = [maxCodes]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// codeLength reads one size of the code for sizes.
func (r *Reader) codeLength() bool {
	v, ok := r.take(3)
	if !ok {
		return false
	}
	r.sizes[codeOrder[r.filled]] = uint8(v)
	if r.filled++; r.filled < r.codes {
		return true
	}
	if !r.ownLiteral.build(r.sizes[:maxCodes]) {
		return r.fail(ErrCorrupt)
	}
	r.sizes = [len(r.sizes)]uint8{}
	r.filled = 0
	r.step = lengths
	return true
}

// length reads one size of the block's codes, or a number of equal ones.
func (r *Reader) length() bool {
	symbol, size := r.ownLiteral.decode(r.bits, r.count)
	if symbol < 0 {
		return r.short(symbol)
	}
	value, times, extra := uint8(symbol), 1, uint(0)
	switch symbol {
	case 16:
		if r.filled == 0 {
			return r.fail(ErrCorrupt)
		}
		value, times, extra = r.sizes[r.filled-1], 3, 2
	case 17:
		value, times, extra = 0, 3, 3
	case 18:
		value, times, extra = 0, 11, 7
	}
	if r.count < size+extra {
		return false
	}
	r.drop(size)
	more, _ := r.take(extra)
	times += more
	if r.filled+times > r.literals+r.dists {
		return r.fail(ErrCorrupt)
	}
	for range times {
		r.sizes[r.filled] = value
		r.filled++
	}
	if r.filled == r.literals+r.dists {
		return r.beginSymbols()
	}
	return true
}

// short tells what decode could not read: there are too few bits, or they
// are no code.
func (r *Reader) short(result int) bool {
	if result == invalid {
		return r.fail(ErrCorrupt)
	}
	return false
}

func (r *Reader) beginSymbols() bool {
	if !r.ownLiteral.build(r.sizes[:r.literals]) || !r.ownDist.build(r.sizes[r.literals:r.filled]) {
		return r.fail(ErrCorrupt)
	}
	r.literal, r.dist = &r.ownLiteral, &r.ownDist
	r.step = symbols
	return true
}

// The lengths and distances of symbols, without their extra bits (RFC 1951,
// section 3.2.5).
var (
	lengthBase = [...]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra = [...]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
	}
	distanceBase = [...]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
		4097, 6145, 8193, 12289, 16385, 24577,
	}
)

// symbol reads bytes of text, and at last a match or the end of the block.
func (r *Reader) symbol() bool {
	r.run()
	if r.distance > 0 {
		return true
	}
	for r.at < r.limit && !r.atLineEnd() {
		symbol, size := r.literal.decode(r.bits, r.count)
		switch {
		case symbol < 0:
			return r.short(symbol)
		case symbol == endOfBlock:
			r.drop(size)
			r.step = blockHeader
			return true
		case symbol > endOfBlock:
			return r.beginMatch(symbol, size)
		}
		start := r.position()
		r.drop(size)
		r.put(byte(symbol), start/8, (start+uint64(size)+7)/8)
		if r.count < maxSize {
			r.refill()
		}
	}
	return true
}

// maxMatch is how many bits a match has at most: two codes, and 5 and 13 bits
// behind them.
const maxMatch = 48

// beginMatch reads the rest of a match, whose length is symbol and stands in
// size bits.
func (r *Reader) beginMatch(symbol int, size uint) bool {
	r.refill()
	length, distance, size := readMatch(r.dist, symbol, size, r.bits, r.count)
	if length < 0 {
		return r.short(length)
	}
	start := r.position()
	if err := r.fault(distance, r.at, start); err != nil {
		return r.fail(err)
	}
	r.drop(size)
	r.left, r.distance = length, distance
	r.matchStart, r.matchEnd = start/8, (start+uint64(size)+7)/8
	return true
}

// readMatch reads a match from count bits, of which its symbol takes the first
// size, and tells how many it takes. For a length it gives tooFew or invalid
// where there is none.
func readMatch(dist *huffman, symbol int, size uint, bits uint64, count uint) (length, distance int, used uint) {
	symbol -= endOfBlock + 1
	if symbol >= len(lengthBase) {
		return invalid, 0, 0
	}
	extra := uint(lengthExtra[symbol])
	length = int(lengthBase[symbol]) + int(bits>>size&(1<<extra-1))
	used = size + extra
	if used > count {
		return tooFew, 0, 0
	}
	symbol, size = dist.decode(bits>>used, count-used)
	switch {
	case symbol < 0:
		return symbol, 0, 0
	case symbol >= len(distanceBase):
		return invalid, 0, 0
	}
	used += size
	extra = uint(max(0, symbol/2-1))
	distance = int(distanceBase[symbol]) + int(bits>>used&(1<<extra-1))
	used += extra
	if used > count {
		return tooFew, 0, 0
	}
	return length, distance, used
}

// fault tells what is wrong with a match that begins at a bit of the stream,
// and whose text goes to a place of the window.
func (r *Reader) fault(distance, at int, start uint64) error {
	before := r.total + uint64(at-r.from)
	switch {
	case uint64(distance) > before:
		return ErrCorrupt
	case before > MaxAhead+MaxRatio*(start/8-r.base):
		return ErrRatio
	}
	return nil
}
