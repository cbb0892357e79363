package evidence

import (
	"encoding/base64"
	"errors"
	"math/bits"
	"strings"
)

const (
	// leastNeedle is how many bytes a secret needs to be looked for wherever
	// it may be repeated. A shorter one stands in many a text by chance, and is
	// overwritten only where it was sent.
	leastNeedle = 4

	// pieceLength is how long the pieces of a secret are that are looked for, at
	// most the bits of a word. A longer secret is found piece by piece.
	pieceLength = 64

	// maxNeedles bounds the pieces of all secrets of one export.
	maxNeedles = 1 << 20
)

var errNeedles = errors.New("too many secrets to overwrite in one file: choose fewer sessions, with --since and --until, or by ID")

// words stand in every session, so that a secret which is one tells nothing
// where it stands elsewhere.
const words = " ANONYMOUS APOP AUTH AUTHENTICATE BEARER BYE CAPA CAPABILITY DATA DOMAIN EHLO EXTERNAL FETCH FROM HELO INBOX LHLO LIST LOGIN LOGOUT MAIL NOOP NTLM PASS PLAIN QUIT RCPT RETR RSET SELECT STARTTLS STAT STLS TEXT UIDL USER XOAUTH2 "

// needles are the secrets of an export, plain and as BASE64 shows them. Who
// guesses passwords sends many that begin alike, so where one may begin each
// length is looked up, and not each piece.
type needles struct {
	known   map[string]bool
	pieces  map[string]bool
	lengths map[[leastNeedle]byte]uint64 // of pieces, by how they begin: bit n-1 stands for n bytes
	begins  [beginBits / 64]uint64       // hashes of the keys of lengths
}

const beginBits = 1 << 16

func newNeedles() *needles {
	return &needles{known: map[string]bool{}, pieces: map[string]bool{}, lengths: map[[leastNeedle]byte]uint64{}}
}

// add adds a secret and the digits that it gives within BASE64, wherever in a
// group of three it begins: those that depend on no neighbour.
func (n *needles) add(secret string) {
	if len(secret) < leastNeedle || n.known[secret] || strings.Contains(words, " "+strings.ToUpper(secret)+" ") {
		return
	}
	n.known[secret] = true
	n.cut(secret)
	for shift, first := range [3]int{0, 2, 3} {
		digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		n.cut(digits[first : (shift+len(secret))*8/6])
	}
}

func (n *needles) cut(s string) {
	for len(s) > pieceLength {
		n.piece(s[:pieceLength])
		s = s[min(pieceLength, len(s)-leastNeedle):]
	}
	n.piece(s)
}

func (n *needles) piece(s string) {
	n.pieces[s] = true
	n.lengths[[leastNeedle]byte([]byte(s))] |= 1 << (len(s) - 1)
	h := beginHash(s)
	n.begins[h/64] |= 1 << (h % 64)
}

func beginHash[T string | []byte](s T) uint32 {
	return (uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24) * 0x9e3779b1 >> 16
}

// find calls found with each range of b that holds a piece.
func (n *needles) find(b []byte, found func(from, to int)) {
	if len(n.pieces) == 0 {
		return
	}
	for i := 0; i+leastNeedle <= len(b); i++ {
		if h := beginHash(b[i:]); n.begins[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		for lengths := n.lengths[[leastNeedle]byte(b[i:])]; lengths != 0; lengths &= lengths - 1 {
			size := bits.TrailingZeros64(lengths) + 1
			if size > len(b)-i {
				break
			}
			if n.pieces[string(b[i:i+size])] {
				found(i, i+size)
			}
		}
	}
}

// overwrite overwrites all pieces in b, and reports whether there was one.
func (n *needles) overwrite(b []byte) (any bool) {
	var ranges [][2]int // first, as pieces may overlap
	n.find(b, func(from, to int) { ranges = append(ranges, [2]int{from, to}) })
	for _, r := range ranges {
		blank(b[r[0]:r[1]])
	}
	return len(ranges) > 0
}
