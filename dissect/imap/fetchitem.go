package imap

import "bytes"

// item is a data item of FETCH (RFC 3501, section 7.4.2), as far as it shows a
// message.
type item uint8

const (
	noItem       item = iota
	headerItem        // its header, or some fields of it
	wholeItem         // all of it
	cutItem           // a stretch of all of it
	textItem          // its text, or a stretch of that
	partItem          // some other part of it
	envelopeItem      // ENVELOPE
	uidItem           // UID
	sizeItem          // RFC822.SIZE
	idItem            // no item: a string of ID
)

// shows tells whether the item holds content of the message.
func (i item) shows() bool {
	switch i {
	case headerItem, wholeItem, cutItem, textItem, partItem:
		return true
	}
	return false
}

// atomLength is the length of the atom that text begins with: what stands in
// brackets belongs to it.
func atomLength(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[':
			end := bytes.IndexByte(text[i:], ']')
			if end < 0 {
				return len(text)
			}
			i += end
		case ' ', '\t', '(', ')', '"':
			return max(i, 1)
		}
	}
	return len(text)
}

// itemOf reads the name of an item, and where in its section it begins.
func itemOf(b []byte) (is item, origin uint32) {
	name, section, brackets := bytes.Cut(b, []byte{'['})
	if !brackets {
		switch {
		case fold(name, "RFC822"):
			return wholeItem, 0
		case fold(name, "RFC822.HEADER"):
			return headerItem, 0
		case fold(name, "RFC822.TEXT"):
			return textItem, 0
		case fold(name, "ENVELOPE"):
			return envelopeItem, 0
		case fold(name, "UID"):
			return uidItem, 0
		case fold(name, "RFC822.SIZE"):
			return sizeItem, 0
		case fold(name, "PREVIEW"): // RFC 8970, section 3.2: the beginning of its text
			return partItem, 0
		}
		return noItem, 0
	}
	if !fold(name, "BODY") && !fold(name, "BINARY") {
		return noItem, 0
	}
	section, partial, _ := bytes.Cut(section, []byte{']'})
	is = itemOfSection(section)
	if len(partial) == 0 {
		return is, 0
	}
	n, ok := number(bytes.Trim(partial, "<>"), maxNumber)
	switch {
	case is == noItem, is == textItem && ok:
		return is, uint32(n)
	case is == wholeItem && ok:
		return cutItem, uint32(n)
	}
	return partItem, 0
}

// itemOfSection reads what stands in brackets (RFC 3501, section 6.4.5).
// "1.HEADER" and "1.MIME" are headers of a part, not of the message.
func itemOfSection(section []byte) item {
	name, fields := word(section)
	switch {
	case len(name) == 0:
		return wholeItem
	case fold(name, "HEADER"), fold(name, "HEADER.FIELDS.NOT"):
		return headerItem
	case fold(name, "HEADER.FIELDS"):
		if namesTelling(fields) {
			return headerItem
		}
		return noItem
	case fold(name, "TEXT"):
		return textItem
	}
	return partItem
}

// namesTelling tells whether a list of header fields holds one that is kept. A
// client that asks for the references of a message alone has not fetched it.
func namesTelling(fields []byte) bool {
	for {
		var name []byte
		name, fields = word(fields)
		if len(name) == 0 {
			return false
		}
		name = bytes.Trim(name, `()"`)
		if fold(name, "FROM") || fold(name, "TO") || fold(name, "SUBJECT") {
			return true
		}
	}
}
