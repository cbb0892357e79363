package imap

// sizes counts the bytes of a message that have crossed, each once as far as
// the names of the pieces tell.
type sizes struct {
	whole  uint64
	header uint64
	text   uint64
	parts  uint64
}

// add counts a piece of a response.
func (s *sizes) add(is item, origin, n uint64) {
	switch is {
	case headerItem:
		s.header += n
	case wholeItem, cutItem:
		s.whole = reach(s.whole, origin, n)
	case textItem:
		s.text = reach(s.text, origin, n)
	default:
		s.parts += n
	}
}

// reach is how much of a section has crossed when n bytes from origin on follow
// the first seen ones.
func reach(seen, origin, n uint64) uint64 {
	if origin > seen {
		return seen + n // something between was left out
	}
	return max(seen, origin+n)
}

// without takes out what another message has brought.
func (s *sizes) without(other sizes) {
	*s = sizes{s.whole - other.whole, s.header, s.text - other.text, s.parts - other.parts}
}

// size is how much of the message has crossed. Its text holds its parts. A part that
// was fetched twice counts twice, so what the server says is the most that there is.
func (k *known) size() uint64 {
	size := k.seen.whole
	if !k.entire {
		size = max(size, k.seen.header+max(k.seen.text, k.seen.parts))
	}
	if k.said > 0 {
		return min(size, k.said)
	}
	return size
}
