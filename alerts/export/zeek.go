package export

import (
	"io"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Zeek writes a log in the tab-separated format of Zeek's ASCII writer, that
// zeek-cut and others read: "-" is not known, "(empty)" is known and empty. It
// has no #open and #close, which tell the time of writing: the same findings
// give the same bytes.
type Zeek struct {
	w      io.Writer
	path   string
	fields []zeekField // nil once they were written
	row    zeekRow
}

type zeekField struct{ name, kind string }

// NewZeekFindings returns a writer of findings, a mailtap.log. Each row is one
// Write.
func NewZeekFindings(w io.Writer) *Zeek {
	return &Zeek{w: w, path: "mailtap", fields: zeekFindingFields}
}

// NewZeekSessions returns a writer of sessions, a mailtap_sessions.log.
func NewZeekSessions(w io.Writer) *Zeek {
	return &Zeek{w: w, path: "mailtap_sessions", fields: zeekSessionFields}
}

// Close writes the head if there was no row.
func (z *Zeek) Close() error { return z.writeHead() }

func (z *Zeek) writeHead() error {
	if z.fields == nil {
		return nil
	}
	var names, kinds strings.Builder
	for _, f := range z.fields {
		names.WriteString("\t" + f.name)
		kinds.WriteString("\t" + f.kind)
	}
	z.fields = nil
	_, err := io.WriteString(z.w, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"+
		"#path\t"+z.path+"\n#fields"+names.String()+"\n#types"+kinds.String()+"\n")
	return err
}

// end writes the row.
func (z *Zeek) end() error {
	if err := z.writeHead(); err != nil {
		return err
	}
	z.row[len(z.row)-1] = '\n' // was the last field's tab
	_, err := z.w.Write(z.row)
	return err
}

// zeekRow is a row. Each method appends a field and the tab behind it.
type zeekRow []byte

func (r *zeekRow) raw(s string) { *r = append(append(*r, s...), '\t') }

func (r *zeekRow) unset() { r.raw("-") }

// text writes a string; ok tells whether it is known.
func (r *zeekRow) text(s string, ok bool) {
	switch {
	case !ok:
		r.unset()
	case s == "":
		r.raw("(empty)")
	default:
		*r = append(appendZeek(*r, s, false), '\t')
	}
}

// known writes a string that is not known where it is empty.
func (r *zeekRow) known(s string) { r.text(s, s != "") }

// list writes a set or a vector.
func (r *zeekRow) list(elements []string) {
	if len(elements) == 0 {
		r.raw("(empty)")
		return
	}
	for i, e := range elements {
		if i > 0 {
			*r = append(*r, ',')
		}
		if e == "" {
			*r = append(*r, "(empty)"...)
			continue
		}
		*r = appendZeek(*r, e, true)
	}
	*r = append(*r, '\t')
}

// time writes a time, or an interval, in seconds with six digits.
func (r *zeekRow) time(ns int64) {
	us := ns / 1000
	if us < 0 {
		*r = append(*r, '-')
		us = -us
	}
	*r = strconv.AppendInt(*r, us/1e6, 10)
	*r = append(*r, '.')
	*r = append(*r, strconv.Itoa(1_000_000 + int(us%1e6))[1:]...)
	*r = append(*r, '\t')
}

func (r *zeekRow) endpoint(a netip.AddrPort) {
	if !a.IsValid() {
		r.unset()
		r.unset()
		return
	}
	r.raw(address(a))
	r.count(uint64(a.Port()))
}

func (r *zeekRow) count(n uint64) { *r = append(strconv.AppendUint(*r, n, 10), '\t') }

func (r *zeekRow) answer(a dissect.Answer) {
	switch a {
	case dissect.Yes:
		r.raw("T")
	case dissect.No:
		r.raw("F")
	default:
		r.unset()
	}
}

func (r *zeekRow) bool(yes bool) {
	if yes {
		r.raw("T")
	} else {
		r.raw("F")
	}
}

// appendZeek escapes s as Zeek does: a backslash is doubled, a byte of what
// cannot be printed becomes \x1b, and so does the separator of a set in an
// element of one, and the first byte of what would read as not known or empty.
func appendZeek(b []byte, s string, element bool) []byte {
	if s == "-" || s == "(empty)" {
		b = append(b, `\x`+hex2(s[0])...)
		s = s[1:]
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\\':
			b = append(b, `\\`...)
		case r == utf8.RuneError && n == 1, !unicode.IsPrint(r), r == ',' && element:
			for i := range n {
				b = append(b, `\x`+hex2(s[i])...)
			}
		default:
			b = append(b, s[:n]...)
		}
		s = s[n:]
	}
	return b
}

var zeekConnection = []zeekField{
	{"ts", "time"}, {"uid", "string"}, {"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"},
	{"id.resp_p", "port"}, {"community_id", "string"}, {"service", "string"},
}

// connection begins a row.
func (r *zeekRow) connection(time int64, id alerts.SessionID, client, server netip.AddrPort, p dissect.Protocol) {
	*r = (*r)[:0]
	r.time(time)
	r.raw(id.String())
	r.endpoint(client)
	r.endpoint(server)
	r.known(communityID(client, server))
	r.known(p.String())
}
