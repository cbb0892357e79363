package traffic

import (
	"encoding/base64"
	"sort"
)

const (
	poolSize   = 1 << 20 // bytes of each pool
	lineLen    = 76      // of BASE64 in a message (RFC 2045, section 6.8)
	textLine   = 60      // about the length of a line of text
	decoyEvery = 64      // lines of text
	dotEvery   = 50      // lines of text
)

// pools hold what long contents are made of. Conversations take slices of them.
type pools struct {
	binary []byte // noise, as ciphertext looks
	base64 []byte // lines of an attachment
	text   []byte // lines of words, with decoys between them
	starts []int  // where the lines of text begin
}

func newPools(r random) pools {
	p := pools{binary: make([]byte, poolSize)}
	r.fill(p.binary)
	const raw = lineLen / 4 * 3
	for b := p.binary; len(p.base64) < poolSize; b = b[raw:] {
		p.base64 = base64.StdEncoding.AppendEncode(p.base64, b[:raw])
		p.base64 = append(p.base64, "\r\n"...)
	}
	for n := 1; len(p.text) < poolSize; n++ {
		p.starts = append(p.starts, len(p.text))
		p.text = appendTextLine(p.text, r, n)
	}
	return p
}

func appendTextLine(b []byte, r random, n int) []byte {
	if n%decoyEvery == 0 {
		return appendDecoy(b, r)
	}
	if n%dotEvery == 0 {
		b = append(b, "..."...) // the first dot is stuffed (RFC 5321, section 4.5.2)
	}
	for end := len(b) + textLine; len(b) < end; b = append(b, ' ') {
		b = append(b, r.one(textWords)...)
	}
	b[len(b)-1] = '.'
	return append(b, "\r\n"...)
}

// appendDecoy appends what logs somebody in, were it not the text of a message.
func appendDecoy(b []byte, r random) []byte {
	account, secret := DecoyAccount+r.word(digits, 4), r.word(letters, 8)
	switch r.below(5) {
	case 0:
		b = append(b, "USER "+account+"\r\nPASS "+secret...)
	case 1:
		b = append(b, "a1 LOGIN "+account+" "+secret...)
	case 2:
		b = append(b, "AUTH PLAIN "+encode("\x00"+account+"\x00"+secret)...)
	case 3:
		b = append(b, "AUTH LOGIN "+encode(account)+"\r\n"+encode(secret)...)
	case 4:
		b = append(b, "STARTTLS\r\nEHLO "+account+".example"...)
	}
	return append(b, "\r\n"...)
}

// noise returns n bytes, at most poolSize.
func (g *generator) noise(n int) []byte {
	at := g.below(len(g.pools.binary) - n + 1)
	return g.pools.binary[at : at+n]
}

// attachment returns lines of BASE64, about n bytes.
func (g *generator) attachment(n int) []byte {
	const line = lineLen + 2
	lines := n/line + 1
	at := g.below(len(g.pools.base64)/line - lines + 1)
	return g.pools.base64[at*line : (at+lines)*line]
}

// prose returns lines of text, about n bytes.
func (g *generator) prose(n int) []byte {
	starts := g.pools.starts
	last := sort.SearchInts(starts, len(g.pools.text)-n)
	at := starts[g.below(last)]
	end := starts[min(sort.SearchInts(starts, at+n), len(starts)-1)]
	return g.pools.text[at:end]
}
