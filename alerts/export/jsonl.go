package export

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mailtap/mailtap/alerts"
)

// JSONL writes one JSON object a line. Keys are stable; what is not known is
// null, never left out.
type JSONL struct {
	// ShowSecrets writes the reusable secrets that the Facts still hold. The
	// secrets of challenge mechanisms are never written.
	ShowSecrets bool

	w       io.Writer
	line    bytes.Buffer
	encoder *json.Encoder
}

// NewJSONL returns a writer to w. Each call of a method is one Write.
func NewJSONL(w io.Writer) *JSONL {
	j := &JSONL{w: w}
	j.encoder = json.NewEncoder(&j.line)
	j.encoder.SetEscapeHTML(false)
	return j
}

// Session writes a session.
func (j *JSONL) Session(s *alerts.Session) error { return j.write(newSession(s, j.ShowSecrets)) }

// Finding writes a finding.
func (j *JSONL) Finding(f *alerts.Finding) error { return j.write(newFinding(f)) }

// Summary writes the summary, the last line.
func (j *JSONL) Summary(s *alerts.Summary) error { return j.write(newSummary(s)) }

func (j *JSONL) write(v any) error {
	j.line.Reset()
	if err := j.encoder.Encode(v); err != nil {
		return err
	}
	_, err := j.w.Write(harmless(j.line.Bytes()))
	return err
}

// harmless escapes what encoding/json leaves as it is though a terminal or a
// reader may act on it: DEL, the C1 controls, and characters that are not seen,
// such as the controls of writing direction. In JSON they stand in strings only.
func harmless(line []byte) []byte {
	i := slices.IndexFunc(line, func(b byte) bool { return b >= 0x7f })
	if i < 0 {
		return line
	}
	out := append(make([]byte, 0, len(line)+64), line[:i]...)
	for line = line[i:]; len(line) > 0; {
		r, n := utf8.DecodeRune(line)
		if hiddenRune(r) {
			out = appendEscape(out, r)
		} else {
			out = append(out, line[:n]...)
		}
		line = line[n:]
	}
	return out
}

func hiddenRune(r rune) bool {
	return r >= 0x7f && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r))
}

func appendEscape(b []byte, r rune) []byte {
	if hi, lo := utf16.EncodeRune(r); r > 0xffff {
		return appendEscape(appendEscape(b, hi), lo)
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
