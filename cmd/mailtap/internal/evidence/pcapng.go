package evidence

import (
	"encoding/binary"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailtap/mailtap/capture"
)

// Blocks and options of pcapng (draft-ietf-opsawg-pcapng, sections 3.5, 4.1,
// 4.2 and 4.3).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockEnhanced  = 6

	byteOrderMagic = 0x1a2b3c4d

	optionComment  = 1
	optionProgram  = 4 // shb_userappl
	optionTsresol  = 9 // if_tsresol
	nanoseconds    = 9 // 10^-9 s
	unknownLength  = 0xffffffffffffffff
	maxComment     = 4 << 10 // bytes of one comment; an option holds 64 KiB
	maxComments    = 16      // of one packet
	blockOverhead  = 12
	sectionFixed   = 16
	interfaceFixed = 8
	enhancedFixed  = 20
)

// Writer writes packets as pcapng. Unlike gopacket's NgWriter it has comments
// on packets, link types of 16 bits (SLL2 is 276), and takes packets of any
// length, as they were captured. It does not buffer: a file that is cut off has
// all packets but the last.
type Writer struct {
	w      io.Writer
	links  map[capture.LinkType]uint32 // to the number of its interface
	buf    []byte                      // of the block being made
	packed int64
}

// NewWriter begins a file. program and comment stand in its header.
func NewWriter(w io.Writer, program, comment string) (*Writer, error) {
	n := &Writer{w: w, links: map[capture.LinkType]uint32{}}
	n.begin(blockSection)
	n.buf = binary.LittleEndian.AppendUint32(n.buf, byteOrderMagic)
	n.buf = binary.LittleEndian.AppendUint16(n.buf, 1) // version 1.0
	n.buf = binary.LittleEndian.AppendUint16(n.buf, 0)
	n.buf = binary.LittleEndian.AppendUint64(n.buf, unknownLength)
	n.option(optionProgram, clean(program))
	n.option(optionComment, clean(comment))
	return n, n.end(sectionFixed)
}

// Size returns how many bytes were written.
func (n *Writer) Size() int64 { return n.packed }

// Packet writes one packet and the comments on it.
func (n *Writer) Packet(p *capture.Packet, comments ...string) error {
	id, ok := n.links[p.Link]
	if !ok {
		var err error
		if id, err = n.describe(p.Link); err != nil {
			return err
		}
	}
	n.begin(blockEnhanced)
	n.buf = binary.LittleEndian.AppendUint32(n.buf, id)
	n.buf = binary.LittleEndian.AppendUint32(n.buf, uint32(uint64(p.Time)>>32))
	n.buf = binary.LittleEndian.AppendUint32(n.buf, uint32(p.Time))
	n.buf = binary.LittleEndian.AppendUint32(n.buf, uint32(len(p.Data)))
	n.buf = binary.LittleEndian.AppendUint32(n.buf, uint32(max(p.Length, len(p.Data))))
	n.buf = append(n.buf, p.Data...)
	n.pad()
	for _, c := range comments[:min(len(comments), maxComments)] {
		n.option(optionComment, clean(c))
	}
	return n.end(enhancedFixed + (len(p.Data)+3)&^3)
}

// describe writes an Interface Description Block. A snaplen of 0 is no limit:
// what was cut shows in the lengths of each packet.
func (n *Writer) describe(link capture.LinkType) (uint32, error) {
	id := uint32(len(n.links))
	n.links[link] = id
	n.begin(blockInterface)
	n.buf = binary.LittleEndian.AppendUint16(n.buf, uint16(link))
	n.buf = binary.LittleEndian.AppendUint16(n.buf, 0)
	n.buf = binary.LittleEndian.AppendUint32(n.buf, 0)
	n.option(optionTsresol, string([]byte{nanoseconds}))
	return id, n.end(interfaceFixed)
}

// begin begins a block; its length comes with end.
func (n *Writer) begin(kind uint32) {
	n.buf = binary.LittleEndian.AppendUint32(n.buf[:0], kind)
	n.buf = binary.LittleEndian.AppendUint32(n.buf, 0)
}

func (n *Writer) pad() {
	for len(n.buf)%4 != 0 {
		n.buf = append(n.buf, 0)
	}
}

// option adds an option, unless it is empty.
func (n *Writer) option(code uint16, value string) {
	if value == "" {
		return
	}
	n.buf = binary.LittleEndian.AppendUint16(n.buf, code)
	n.buf = binary.LittleEndian.AppendUint16(n.buf, uint16(len(value)))
	n.buf = append(n.buf, value...)
	n.pad()
}

// end writes the block, whose part before the options has fixed bytes.
func (n *Writer) end(fixed int) error {
	if len(n.buf) > blockOverhead-4+fixed {
		n.buf = append(n.buf, 0, 0, 0, 0) // opt_endofopt
	}
	size := uint32(len(n.buf) + 4)
	binary.LittleEndian.PutUint32(n.buf[4:], size)
	n.buf = binary.LittleEndian.AppendUint32(n.buf, size)
	written, err := n.w.Write(n.buf)
	n.packed += int64(written)
	return err
}

// clean makes a comment of text that may be hostile: valid UTF-8, no control or
// formatting characters, and of at most maxComment bytes.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '?'
		}
		return r
	}, text)
	if len(text) <= maxComment {
		return text
	}
	n := maxComment
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
