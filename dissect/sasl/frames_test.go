package sasl_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// framed puts the length before a frame.
func framed(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }

// digestFrame is a frame of DIGEST-MD5 with auth-int (RFC 2831, section 2.3).
func digestFrame(text string, number uint32) []byte {
	b := append([]byte(text), "0123456789\x00\x01"...)
	return framed(binary.BigEndian.AppendUint32(b, number))
}

// token is a wrap token of RFC 4121, section 4.2.6.2, with a checksum of 12
// octets.
func token(text string, flags byte, rotation uint16, number uint64) []byte {
	head := binary.BigEndian.AppendUint16([]byte{5, 4, flags, 0xff, 0, 12}, rotation)
	head = binary.BigEndian.AppendUint64(head, number)
	body := []byte(text + "checksum....")
	at := len(body) - int(rotation)%len(body)
	return framed(append(head, append(body[at:len(body):len(body)], body[:at]...)...))
}

// oldToken is a wrap token of RFC 1964, section 1.2.2, with a checksum of so many
// octets.
func oldToken(text string, padding, sum int) []byte {
	algorithm := "\x11\x00"
	if sum == 20 {
		algorithm = "\x04\x00"
	}
	inner := "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" + "\x02\x01" + algorithm + "\xff\xff\xff\xff" + "sequence" +
		strings.Repeat("s", sum) + "confound" + text + strings.Repeat(string(rune(padding)), padding)
	length := []byte{0x82, byte(len(inner) >> 8), byte(len(inner))}
	switch {
	case len(inner) < 0x80:
		length = length[2:]
	case len(inner) < 0x100:
		length = []byte{0x81, byte(len(inner))}
	}
	return framed(append(append([]byte{0x60}, length...), inner...))
}

// layerOf returns the layer of an exchange that was accepted.
func layerOf(t testing.TB, mechanism string) *sasl.Layer {
	t.Helper()
	x := sasl.Begin([]byte(mechanism))
	x.Client([]byte(base64.StdEncoding.EncodeToString([]byte(`username="joe",qop=auth-int,response=1`))), false)
	l := x.Layer()
	if l == nil {
		t.Fatal("no layer")
	}
	return l
}

// unframe feeds what side sends in pieces, and returns the text in it, and where
// reading ended: -1 for nowhere.
func unframe(l *sasl.Layer, side dissect.Side, b []byte, cut int) (text string, end int) {
	end = -1
	for at := 0; at < len(b); {
		begin, piece := at, b[at:min(len(b), at+cut)]
		if !l.Begun() && !l.Begins(side, piece) {
			return text, at
		}
		l.Feed(side, piece, func(skip int, read []byte) (n int, more bool) {
			at += skip
			if end < 0 && (l.Closed() || l.Deaf(side)) {
				end = at
			}
			read = read[:(len(read)+1)/2] // all of it is taken in the end
			text += string(read)
			at += len(read)
			return len(read), true
		})
		at = begin + len(piece)
	}
	return text, end
}

const fromServer = dissect.Server

func TestFrames(t *testing.T) {
	join := func(frames ...[]byte) []byte { return bytes.Join(frames, nil) }
	tests := []struct {
		name, mechanism string
		sent            []byte
		text            string
		words           string
		end             int
	}{
		{"digest", "DIGEST-MD5", join(digestFrame("one\r\n", 0), digestFrame("", 1), digestFrame("two", 2)), "one\r\ntwo", "DIGEST-MD5 integrity", -1},
		{"digest, wrong number", "DIGEST-MD5", join(digestFrame("one", 0), digestFrame("two", 2), digestFrame("no", 3)), "onetwo", "DIGEST-MD5 integrity", 46},
		{"digest, first number", "DIGEST-MD5", join(digestFrame("one", 1), digestFrame("no", 2)), "one", "DIGEST-MD5 integrity", 23},
		{"digest, wrong type", "DIGEST-MD5", join(framed([]byte("one0123456789\x00\x02\x00\x00\x00\x00")), digestFrame("no", 1)), "one", "DIGEST-MD5 integrity", 23},
		{"digest, too short", "DIGEST-MD5", framed(make([]byte, 15)), "", "DIGEST-MD5", 4},
		{"digest, too long", "DIGEST-MD5", join(digestFrame("one", 0), []byte("\x01\x00\x00\x00decoy")), "one", "DIGEST-MD5 integrity", 27},
		{"token", "GSSAPI", join(token("one", 1, 0, 9), token("", 1, 0, 10), token("two", 1, 0, 11)), "onetwo", "GSSAPI integrity", -1},
		{"token in SPNEGO", "GSS-SPNEGO", token("one", 5, 0, 9), "one", "GSS-SPNEGO integrity", -1},
		{"token, rotated", "GSSAPI", join(token("one", 1, 12, 9), token("two", 1, 5, 10)), "onetwo", "GSSAPI integrity", -1},
		{"token, text rotated", "GSSAPI", token("one", 1, 13, 9), "", "GSSAPI", 20},
		{"token, rotated round", "GSSAPI", token("one", 1, 16, 9), "one", "GSSAPI integrity", -1},
		{"token, sealed", "GSSAPI", token("decoy", 3, 0, 9), "", "GSSAPI", 20},
		{"token, sealed later", "GSSAPI", join(token("one", 1, 0, 9), token("decoy", 3, 0, 10)), "one", "GSSAPI integrity", 55},
		{"token, text rotated later", "GSSAPI", join(token("one", 1, 0, 9), token("decoy", 1, 13, 10)), "one", "GSSAPI integrity", 55},
		{"token of the other side", "GSSAPI", token("decoy", 0, 0, 9), "", "GSSAPI", 20},
		{"token again", "GSSAPI", join(token("one", 1, 0, 9), token("decoy", 1, 0, 9)), "one", "GSSAPI integrity", 55},
		{"token of a signature", "GSSAPI", framed([]byte("\x04\x04\x01\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x01checksum")), "", "GSSAPI", 5},
		{"old token", "GSSAPI", join(oldToken("one\r\n", 1, 8), oldToken("two", 8, 20), oldToken("", 3, 8)), "one\r\ntwo", "GSSAPI integrity", -1},
		{"old token, long", "GSSAPI", join(oldToken(strings.Repeat("a", 300), 4, 8), oldToken(strings.Repeat("b", 150), 1, 8)),
			strings.Repeat("a", 300) + strings.Repeat("b", 150), "GSSAPI integrity", -1},
		{"old token, no padding", "GSSAPI", join(oldToken("one", 0, 8), oldToken("no", 1, 8)), "one", "GSSAPI integrity", 52},
		{"old token, bad padding", "GSSAPI", oldToken("one\x03no", 0, 8), "one", "GSSAPI integrity", 54},
		{"old token, sealed", "GSSAPI", bytes.Replace(oldToken("decoy", 1, 8), []byte("\x11\x00\xff\xff"), []byte("\x11\x00\x10\x00"), 1), "", "GSSAPI", 49},
		{"version 4", "KERBEROS_V4", framed([]byte("decoy")), "", "KERBEROS_V4", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for cut := 1; cut <= len(tt.sent); cut++ {
				l := layerOf(t, tt.mechanism)
				text, end := unframe(l, fromServer, tt.sent, cut)
				if words := string(l.Words()); text != tt.text || words != tt.words || end != tt.end {
					t.Fatalf("cut every %d bytes: %q, %q, ends at %d, want %q, %q, %d", cut, text, words, end, tt.text, tt.words, tt.end)
				}
			}
		})
	}
}

// ntlmFrame is a frame that NTLM signs ([MS-NLMP], section 3.4.4.2).
func ntlmFrame(text string, number uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("\x01\x00\x00\x00checksum"), number)
	return framed(append(b, text...))
}

// ntlmLayerOf returns the layer behind NTLM within GSS-SPNEGO whose last message has
// these flags.
func ntlmLayerOf(flags uint32) *sasl.Layer {
	message := authenticate("DOM", "joe", "PC", nonce, nt2, true)
	binary.LittleEndian.PutUint32(message[60:], 1|flags)
	x := sasl.Begin([]byte("GSS-SPNEGO"))
	x.Client([]byte(base64.StdEncoding.EncodeToString(message)), false)
	return x.Layer()
}

// Behind NTLM the text can be read where no more than signatures were agreed to,
// with numbers that are not encrypted.
func TestNTLMFrames(t *testing.T) {
	const sign, seal, extended = 0x10, 0x20, 0x80000
	tests := []struct {
		name  string
		flags uint32
		sent  []byte
		text  string
		words string
		end   int
	}{
		{"signed", sign | extended, bytes.Join([][]byte{ntlmFrame("one\r\n", 0), ntlmFrame("", 1), ntlmFrame("two", 2)}, nil), "one\r\ntwo", "GSS-SPNEGO integrity", -1},
		{"wrong number", sign | extended, append(ntlmFrame("one", 0), ntlmFrame("decoy", 2)...), "one", "GSS-SPNEGO integrity", 43},
		{"wrong version", sign | extended, framed([]byte("\x02\x00\x00\x00checksum\x00\x00\x00\x00decoy")), "", "GSS-SPNEGO", 20},
		{"too short", sign | extended, framed([]byte("\x01\x00\x00\x00decoy")), "", "GSS-SPNEGO", 4},
		{"sealed", sign | seal | extended, ntlmFrame("decoy", 0), "", "GSS-SPNEGO", 0},
		{"encrypted numbers", sign, ntlmFrame("decoy", 0), "", "GSS-SPNEGO", 0},
		{"nothing agreed to", 0, ntlmFrame("decoy", 0), "", "GSS-SPNEGO", 0},
	}
	for _, tt := range tests {
		for cut := 1; cut <= len(tt.sent); cut++ {
			l := ntlmLayerOf(tt.flags)
			text, end := unframe(l, fromServer, tt.sent, cut)
			if words := string(l.Words()); text != tt.text || words != tt.words || end != tt.end {
				t.Fatalf("%s, cut every %d bytes: %q, %q, ends at %d, want %q, %q, %d", tt.name, cut, text, words, end, tt.text, tt.words, tt.end)
			}
		}
	}
}

// Where a side may say no more for now, it is shown whether it does: the end of a
// frame, and padding, are nothing said.
func TestSaysMore(t *testing.T) {
	for _, tt := range []struct {
		mechanism string
		frame     func(text string, i int) []byte
	}{
		{"DIGEST-MD5", func(text string, i int) []byte { return digestFrame(text, uint32(i)) }},
		{"GSSAPI", func(text string, i int) []byte { return token(text, 1, 5, uint64(i)) }},
		{"GSS-SPNEGO", func(text string, _ int) []byte { return oldToken(text, 3, 8) }},
	} {
		for said, want := range map[string]bool{"one\n": false, "one\ntwo": true} {
			for _, next := range []string{"", "three"} {
				l := layerOf(t, tt.mechanism)
				sent := tt.frame(said, 0)
				if next != "" {
					sent = append(sent, tt.frame(next, 1)...)
				}
				l.Begins(fromServer, sent)
				line, shown := "", ""
				l.Feed(fromServer, sent, func(_ int, text []byte) (n int, more bool) {
					if line != "" {
						shown += string(text)
						return 0, false
					}
					line, _, _ = strings.Cut(string(text), "\n")
					return min(len(text), len("one\n")), line == ""
				})
				if line != "one" || (shown != "") != (want || next != "") {
					t.Errorf("%s, %q, then %q: line %q, %q is shown of the rest", tt.mechanism, said, next, line, shown)
				}
			}
		}
	}
}

// The first byte behind the exchange tells, of whichever side; a side whose first
// byte was lost does not, and is not read.
func TestLayerBegins(t *testing.T) {
	l := layerOf(t, "DIGEST-MD5")
	if l.Begins(dissect.Server, []byte("* OK\r\n")) || l.Begins(dissect.Client, digestFrame("x", 0)) {
		t.Error("begins behind a line")
	}
	l = layerOf(t, "DIGEST-MD5")
	l.Lost(dissect.Client, 5)
	if l.Begins(dissect.Client, digestFrame("x", 0)) {
		t.Error("begins behind a loss")
	}
	if text, _ := unframe(l, dissect.Server, digestFrame("x", 0), 5); text != "x" {
		t.Errorf("server: %q", text)
	}
	if text, _ := unframe(l, dissect.Client, digestFrame("decoy", 0), 5); text != "" {
		t.Errorf("client: %q", text)
	}
	var none *sasl.Layer
	if n, ok := none.Lost(dissect.Client, 5); none.Begun() || none.Begins(dissect.Client, []byte{0}) || n != 5 || ok {
		t.Error("no layer begins")
	}
}

// With every stretch lost, what is read behind it is what was sent there, or
// nothing.
func TestFramesLost(t *testing.T) {
	const line = "abcdefghijklmnopqrstuvwxyz"
	kinds := map[string]func(i int) []byte{
		"DIGEST-MD5": func(i int) []byte { return digestFrame(line, uint32(i)) },
		"GSSAPI":     func(i int) []byte { return token(line, 1, 12, uint64(i)) },
		"GSS-SPNEGO": func(int) []byte { return oldToken(line, 8, 8) },
	}
	for mechanism, frame := range kinds {
		var sent []byte
		var own []bool // the byte is text
		for i := range 3 {
			f := frame(i)
			at := bytes.Index(f, []byte(line))
			for j := range f {
				own = append(own, at <= j && j < at+len(line))
			}
			sent = append(sent, f...)
		}
		resumed := 0
		for from := 1; from < len(sent); from++ {
			for to := from + 1; to < len(sent); to++ {
				l := layerOf(t, mechanism)
				before, _ := unframe(l, fromServer, sent[:from], 1000)
				lost, ok := l.Lost(fromServer, uint64(to-from))
				behind, end := unframe(l, fromServer, sent[to:], 1000)
				want, count := [2]string{}, uint64(0)
				for i, is := range own {
					switch {
					case !is:
					case i < from:
						want[0] += string(sent[i])
					case i >= to:
						want[1] += string(sent[i])
					default:
						count++
					}
				}
				if !ok {
					want[1], count = "", uint64(to-from)
				} else {
					resumed++
				}
				if diff := cmp.Diff(want, [2]string{before, behind}); diff != "" || lost != count || end >= 0 {
					t.Fatalf("%s, lost [%d, %d): %d of text, want %d, ends at %d (-want +got):\n%s", mechanism, from, to, lost, count, end, diff)
				}
			}
		}
		if resumed == 0 {
			t.Errorf("%s: never gone on with", mechanism)
		}
	}
}

// A frame is as long as it says, and none of it is kept.
func TestLongestFrame(t *testing.T) {
	l := layerOf(t, "DIGEST-MD5")
	b := make([]byte, 1<<20)
	copy(b, "\x00\xff\xff\xff")
	l.Begins(fromServer, b)
	total := 0
	read := func(_ int, text []byte) (n int, more bool) {
		total += len(text)
		return len(text), true
	}
	l.Feed(fromServer, b[:4], read)
	if n := testing.AllocsPerRun(1, func() { l.Feed(fromServer, b, read) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if total != 2<<20 {
		t.Errorf("read %d", total)
	}
}

// FuzzFrames: whatever is sent, in any pieces, gives the same text, and no more
// of it than was sent.
func FuzzFrames(f *testing.F) {
	f.Add(append(digestFrame("one\r\n", 0), digestFrame("two", 1)...), uint8(0), uint8(0))
	f.Add(append(token("one\r\n", 1, 12, 9), token("two", 1, 0, 10)...), uint8(1), uint8(6))
	f.Add(append(oldToken("one\r\n", 3, 8), oldToken("two", 1, 20)...), uint8(2), uint8(2))
	f.Add(append(ntlmFrame("one\r\n", 0), ntlmFrame("two", 1)...), uint8(3), uint8(4))
	f.Fuzz(func(t *testing.T, sent []byte, kind, cut uint8) {
		read := func(cut int) string {
			l := ntlmLayerOf(0x80010)
			if kind %= 4; kind < 3 {
				l = layerOf(t, [...]string{"DIGEST-MD5", "GSSAPI", "GSS-SPNEGO"}[kind])
			}
			text, end := unframe(l, fromServer, sent, cut)
			return fmt.Sprintf("%q to %d, %s", text, end, l.Words())
		}
		if diff := cmp.Diff(read(len(sent)+1), read(1+int(cut))); diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
	})
}
