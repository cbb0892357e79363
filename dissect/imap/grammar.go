package imap

import "bytes"

// word cuts the first word off b, spaces before it skipped. More than one space
// breaks the grammar of RFC 3501, section 9, but not the servers.
func word(b []byte) (first, rest []byte) {
	b = skipSpace(b)
	for i, c := range b {
		if isSpace(c) {
			return b[:i], b[i:]
		}
	}
	return b, nil
}

func skipSpace(b []byte) []byte {
	for i, c := range b {
		if !isSpace(c) {
			return b[i:]
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// isTag tells whether b can be a tag (RFC 3501, section 9).
func isTag(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`(){%*"\+`), c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

// isVisible tells whether b can be the tag of a client that does not know the
// grammar.
func isVisible(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// fold compares without case; upper is in upper case.
func fold(b []byte, upper string) bool {
	return len(b) == len(upper) && hasPrefixFold(b, upper)
}

func hasPrefixFold(b []byte, upper string) bool {
	if len(b) < len(upper) {
		return false
	}
	for i := range len(upper) {
		c := b[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

func hasSuffixFold(b []byte, upper string) bool {
	return len(b) >= len(upper) && fold(b[len(b)-len(upper):], upper)
}

// number reads b as a number. Beyond limit it is none.
func number(b []byte, limit uint64) (n uint64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
		if n > limit {
			return 0, false
		}
	}
	return n, len(b) > 0
}

// mark is the announcement of a literal at the end of a line: {n}, {n+}
// (RFC 7888), ~{n} (RFC 3516, section 4.3). {n-} is seen, too.
type mark struct {
	at     int // where it begins in the line; its length where there is none
	found  bool
	size   uint64
	sync   bool // the server has to agree first
	tooBig bool
}

func literalMark(text []byte) mark {
	none := mark{at: len(text)}
	if !bytes.HasSuffix(text, []byte{'}'}) {
		return none
	}
	i := bytes.LastIndexByte(text, '{')
	if i < 0 {
		return none
	}
	m := mark{at: i, found: true, sync: true}
	digits := text[i+1 : len(text)-1]
	if n := len(digits); n > 0 && (digits[n-1] == '+' || digits[n-1] == '-') {
		digits, m.sync = digits[:n-1], false
	}
	if len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
		return none
	}
	size, ok := number(digits, maxLiteral)
	m.size, m.tooBig = size, !ok
	if i > 0 && text[i-1] == '~' {
		m.at--
	}
	return m
}

// quoted reads the quoted string that b begins with (RFC 3501, section 9), and
// tells how long it is there. A backslash that quotes nothing stands for
// itself: some clients do not double it in DOMAIN\user.
func quoted(b []byte) (value []byte, n int, ok bool) {
	escaped := false
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			if i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\') {
				escaped = true
				i++
			}
		case '"':
			value = b[1:i]
			if escaped {
				value = unescape(value)
			}
			return value, i + 1, true
		}
	}
	return nil, 0, false
}

func unescape(b []byte) []byte {
	plain := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\') {
			i++
		}
		plain = append(plain, b[i])
	}
	return plain
}
