package capture

import (
	"errors"
	"math"
	"math/bits"
)

const (
	maxInterfaces = 64 << 10 // of one section
	maxOptions    = 64 << 10 // bytes of an interface's options that are read
)

// Options of an Interface Description Block (section 4.2).
const (
	optionEnd      = 0
	optionTsresol  = 9
	optionTsoffset = 14
)

// iface is an interface of a pcapng section, and how its time stamps count.
type iface struct {
	link    LinkType
	snaplen uint32 // 0: no limit

	// ns = ticks × mul >> shift ÷ div + offset
	mul, div uint64
	shift    uint8
	offset   int64
}

// addInterface reads an Interface Description Block.
func (f *pcapngFile) addInterface(w *window, size uint32) error {
	if size < interfaceMin {
		return errBlockLength
	}
	if len(f.ifaces) == maxInterfaces {
		return errors.New("more interfaces than are believed")
	}
	b := w.peek(int(min(size-4, interfaceMin-4+maxOptions)))
	if b == nil {
		return w.cut()
	}
	i := iface{link: LinkType(f.order.uint16(b[8:])), snaplen: f.order.uint32(b[12:])}
	i.resolution(6) // µs, where no option says otherwise
	f.options(&i, b[interfaceMin-4:])
	f.ifaces = append(f.ifaces, i)
	return nil
}

// options reads the options that bear on time. One that cannot be true ends
// the list.
func (f *pcapngFile) options(i *iface, b []byte) {
	for len(b) >= 4 {
		code, size := f.order.uint16(b), int(f.order.uint16(b[2:]))
		b = b[4:]
		if code == optionEnd || size > len(b) {
			return
		}
		switch {
		case code == optionTsresol && size == 1:
			i.resolution(b[0])
		case code == optionTsoffset && size == 8:
			i.offset = seconds(int64(f.order.uint64(b)))
		}
		b = b[min((size+3)&^3, len(b)):]
	}
}

// resolution sets the unit of time stamps from if_tsresol: 10^-n s, or 2^-n s
// with the highest bit set.
func (i *iface) resolution(tsresol byte) {
	n := int(tsresol & 0x7f)
	i.mul, i.div, i.shift = 1, 1, 0
	if tsresol&0x80 != 0 {
		i.mul, i.shift = 1e9, uint8(n)
		return
	}
	for ; n < 9; n++ {
		i.mul *= 10
	}
	for ; n > 9 && i.div < math.MaxUint64/10; n-- {
		i.div *= 10
	}
}

// time converts a time stamp to ns since 1970. What does not fit becomes the
// nearest that does.
func (i *iface) time(ticks uint64) int64 {
	high, ns := bits.Mul64(ticks, i.mul)
	if i.shift > 0 {
		high, ns = shiftRight(high, ns, uint(i.shift))
	}
	if i.div > 1 {
		ns /= i.div // mul is 1 then, so high is 0
	}
	if high != 0 || ns > math.MaxInt64 {
		ns = math.MaxInt64
	}
	return addClamped(int64(ns), i.offset)
}

func shiftRight(high, low uint64, n uint) (uint64, uint64) {
	if n >= 64 {
		return 0, high >> (n - 64)
	}
	return high >> n, high<<(64-n) | low>>n
}

func seconds(s int64) int64 {
	const most = math.MaxInt64 / int64(1e9)
	return max(-most, min(most, s)) * 1e9
}

func addClamped(a, b int64) int64 {
	switch sum := a + b; {
	case b > 0 && sum < a:
		return math.MaxInt64
	case b < 0 && sum > a:
		return math.MinInt64
	default:
		return sum
	}
}
