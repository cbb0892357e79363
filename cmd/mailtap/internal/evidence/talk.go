package evidence

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/capture/reassembly"
	"github.com/mailtap/mailtap/dissect"
)

// read takes what the bytes meant.
func (l *learner) read(t *talk) {
	for i := range l.events {
		e := &l.events[i]
		if len(e.Line) > 0 {
			t.session.Dialogue().Mark(e)
		}
		dir := t.session.Direction(e.Side)
		switch e.Kind {
		case dissect.Compressed, dissect.Layered:
			t.squeezed = true
			t.squeezeAt = [2]uint64{t.streams[0].next, t.streams[1].next}
			t.squeezeAt[dir] = e.End
		case dissect.TLSBegin:
			t.tls = true
			t.tlsAt = [2]uint64{t.streams[0].next, t.streams[1].next}
			t.tlsAt[dir] = e.Start
		case dissect.TLSHello:
			t.null = t.null || e.TLS != nil && strings.Contains(e.TLS.Cipher, "_NULL_")
		}
		if e.Hide.From < e.Hide.To {
			l.hide(t, dir, e)
		}
	}
}

// maxRest is how many bytes of a line behind what was kept of it are overwritten
// alone. Of a longer line the whole direction is.
const maxRest = 1 << 20

// hide notes the secret of an event.
func (l *learner) hide(t *talk, dir uint8, e *dissect.Event) {
	if e.Attempt != nil {
		l.needles.add(e.Attempt.Secret.Reveal())
	}
	if t.squeezed {
		t.squeeze()
		return
	}
	sent := e.Line[e.Hide.From:e.Hide.To]
	if e.Attempt == nil && t.isHello(e.Start, sent) {
		return
	}
	text := overwrite(sent, e.Attempt)
	if e.Kind == dissect.URLAuth {
		l.needles.add(string(sent))
	}
	const lineEnd = 2
	rest := int(e.End-e.Start) - len(e.Line) - lineEnd // the line was too long to be kept
	if rest > maxRest || len(t.found[dir]) == maxPatches {
		t.streams[dir].masks.all = true
		return
	}
	if rest > 0 && e.Hide.To == len(e.Line) {
		text = append(text, fill(rest)...)
	}
	t.found[dir] = append(t.found[dir], secret{e.Start + uint64(e.Hide.From), text})
}

// isHello tells whether a line that nobody understood is of a TLS handshake,
// with which a client may come though the server speaks in clear. It holds no
// secret.
func (t *talk) isHello(start uint64, line []byte) bool {
	const handshake, major = 22, 3
	if len(line) >= recordHead && line[0] == handshake && line[1] == major {
		t.helloTo = start + recordHead + uint64(binary.BigEndian.Uint16(line[3:]))
	}
	return start < t.helloTo
}

// squeeze overwrites all that crossed compressed, or in frames of a SASL layer,
// where no offset of a line is one of the stream: a secret is in it.
func (t *talk) squeeze() {
	for dir := range t.streams {
		s := &t.streams[dir]
		if s.known() {
			s.masks.onward, s.masks.from = true, s.seq(t.squeezeAt[dir])
		} else {
			s.masks.all = true
		}
	}
}

// sealed overwrites what TLS carries where it encrypts nothing.
func (t *talk) sealed(dir reassembly.Direction, off uint64, b []byte) {
	if !t.tls || off+uint64(len(b)) <= t.tlsAt[dir] {
		return
	}
	from := max(off, t.tlsAt[dir])
	t.records[dir].take(b[from-off:], func(a, z int) {
		if t.bare += z - a; t.null && t.bare > maxNull {
			t.streams[dir].masks.all = true
		} else if t.null {
			t.found[dir] = append(t.found[dir], secret{from + uint64(a), fill(z - a)})
		}
	})
}

// harmless tells whether all lines of what nobody has read are commands that
// hold no secret.
func harmless(b []byte) bool {
	for line := range bytes.Lines(b) {
		words := bytes.Fields(line)
		if len(words) > 0 && !slices.ContainsFunc(words[:min(len(words), 2)], isHarmless) { // IMAP has a tag in front
			return false
		}
	}
	return true
}

func isHarmless(word []byte) bool {
	switch strings.ToUpper(string(word)) {
	case "HELO", "EHLO", "LHLO", "STARTTLS", "STLS", "CAPA", "CAPABILITY", "MAIL", "RCPT", "RSET", "NOOP", "QUIT", "LOGOUT":
		return true
	}
	return false
}
