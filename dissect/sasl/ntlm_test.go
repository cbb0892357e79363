package sasl_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// ntlm builds a message: the fixed part, filled in at each field's place, then
// the payloads.
func ntlm(kind uint32, fixed int, fields map[int][]byte, order ...int) []byte {
	b := make([]byte, fixed)
	copy(b, "NTLMSSP\x00")
	binary.LittleEndian.PutUint32(b[8:], kind)
	for _, at := range order {
		binary.LittleEndian.PutUint16(b[at:], uint16(len(fields[at])))
		binary.LittleEndian.PutUint16(b[at+2:], uint16(len(fields[at])))
		binary.LittleEndian.PutUint32(b[at+4:], uint32(len(b)))
		b = append(b, fields[at]...)
	}
	return b
}

func authenticate(domain, user, workstation string, lm, nt []byte, unicode bool) []byte {
	text := utf16le
	if !unicode {
		text = func(s string) []byte { return []byte(s) }
	}
	b := ntlm(3, 64, map[int][]byte{12: lm, 20: nt, 28: text(domain), 36: text(user), 44: text(workstation)}, 28, 36, 44, 12, 20)
	if unicode {
		b[60] = 1
	}
	return b
}

var (
	full    = bytes.Repeat([]byte{7}, 24)
	other   = bytes.Repeat([]byte{9}, 24)
	nonce   = append([]byte("12345678"), make([]byte, 16)...)
	nt2     = append(bytes.Repeat([]byte{5}, 16), 1, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4)
	strange = bytes.Repeat([]byte{5}, 30)
)

func TestNTLMResponse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lm, nt []byte
		want   string
		secret string
	}{
		{"v2", nonce, nt2, "NTLMv2", string(nt2)},
		{"v2 with LMv2", full, nt2, "NTLMv2", string(nt2)},
		{"v1", nil, full, "NTLMv1", string(full)},
		{"v1 twice", full, full, "NTLMv1", string(full)},
		{"LM beside v1", other, full, "LM", string(full)},
		{"LM alone", other, nil, "LM", string(other)},
		{"session", nonce, full, "NTLM2-session", string(full)},
		{"no LM but zeros", make([]byte, 24), full, "NTLMv1", string(full)},
		{"anonymous", []byte{0}, nil, "anonymous", "-"},
		{"strange length", nil, strange, "", string(strange)},
	} {
		want := result{"NTLM", "joe", true, tt.secret, pairs("domain", "DOM", "workstation", "PC"), yes}
		if tt.want != "" {
			want.Detail = append(want.Detail, dissect.Pair{Key: "response", Value: tt.want})
		}
		got := exchange("NTLM", "c "+string(authenticate("DOM", "joe", "PC", tt.lm, tt.nt, true)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestNTLM(t *testing.T) {
	negotiate := string(ntlm(1, 32, map[int][]byte{16: []byte("OLDDOM"), 24: []byte("PC")}, 16, 24))
	challenge := ntlm(2, 48, nil)
	challenge[20] = 1 // Unicode
	v1 := func(domain string) []dissect.Pair {
		return pairs("domain", domain, "workstation", "PC", "response", "NTLMv1")
	}
	// An old client's message ends its fixed part at 52, without flags.
	fields := map[int][]byte{28: utf16le("DOM"), 36: utf16le("joe"), 44: utf16le("PC"), 20: full}
	short := string(ntlm(3, 52, fields, 28, 36, 44, 20))
	wrapped := "\xa1\x81\x10\x30\x0e\xa2\x0c\x04\x0a" + string(authenticate("DOM", "joe", "PC", nil, full, true))

	tests := []struct {
		name, mechanism string
		lines           []string
		want            result
	}{
		{"whole", "NTLM", []string{"S ntlm supported", "c " + negotiate, "s " + string(challenge),
			"c " + string(authenticate("DOM", "joe", "PC", nil, full, true))},
			result{"NTLM", "joe", true, string(full), v1("DOM"), []bool{false, true}}},
		{"given up", "NTLM", []string{"i " + negotiate}, result{"NTLM", "", false, "-", pairs("domain", "OLDDOM", "workstation", "PC"), no}},
		{"OEM", "NTLM", []string{"c " + string(authenticate("D\xd6M", "joe", "PC", nil, full, false))},
			result{"NTLM", "joe", true, string(full), v1("DÖM"), yes}},
		{"Unicode without the flag", "NTLM", []string{"c " + string(slices.Concat(authenticate("DÖM", "joe", "PC", nil, full, true)[:60],
			make([]byte, 4), authenticate("DÖM", "joe", "PC", nil, full, true)[64:]))},
			result{"NTLM", "joe", true, string(full), v1("DÖM"), yes}},
		{"OEM with its NUL", "NTLM", []string{"c " + string(authenticate("DOM", "joe\x00", "PC", nil, full, false))},
			result{"NTLM", "joe", true, string(full), v1("DOM"), yes}},
		{"no flags, the challenge has them", "NTLM", []string{"s " + string(challenge), "c " + short},
			result{"NTLM", "joe", true, string(full), v1("DOM"), yes}},
		{"in SPNEGO", "GSS-SPNEGO", []string{"c " + wrapped},
			result{"GSS-SPNEGO", "joe", true, string(full), append(pairs("inner", "NTLM"), v1("DOM")...), yes}},
		{"bare in GSSAPI", "GSSAPI", []string{"c " + string(authenticate("DOM", "joe", "PC", nil, full, true))},
			result{"GSSAPI", "joe", true, string(full), append(pairs("inner", "NTLM"), v1("DOM")...), yes}},
		{"under another name", "MSN", []string{"c " + string(authenticate("DOM", "joe", "PC", nil, full, true))},
			result{"MSN", "joe", true, string(full), v1("DOM"), yes}},
		{"not NTLM", "NTLM", []string{"c joe"}, result{"NTLM", "", false, "joe", nil, yes}},
		{"type 1 cut", "NTLM", []string{"c " + negotiate[:14]}, result{"NTLM", "", false, "-", nil, no}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, exchange(tt.mechanism, tt.lines...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// pair is a name of a type 2 message's target information.
func pair(id uint16, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, id)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// type2 builds a challenge.
func type2(target []byte, unicode bool, info ...[]byte) []byte {
	b := ntlm(2, 48, map[int][]byte{12: target, 40: bytes.Join(info, nil)}, 12, 40)
	if unicode {
		b[20] = 1
	}
	return b
}

func TestNTLMTarget(t *testing.T) {
	end := pair(0, nil)
	netbios := append(pair(2, utf16le("CORP")), pair(1, utf16le("MAIL1"))...)
	dns := append(pair(4, utf16le("corp.example")), pair(3, utf16le("mail1.corp.example"))...)
	tests := []struct {
		name      string
		challenge []byte
		want      []dissect.Pair
	}{
		{"NetBIOS", type2(utf16le("CORP"), true, netbios, end), pairs("target", "CORP", "target-computer", "MAIL1", "target-domain", "CORP")},
		{"DNS", type2(utf16le("CORP"), true, netbios, dns, pair(5, utf16le("example")), pair(7, make([]byte, 8)), end),
			pairs("target", "CORP", "target-computer", "mail1.corp.example", "target-domain", "corp.example", "target-forest", "example")},
		{"a forest of one domain", type2(nil, true, dns, pair(5, utf16le("corp.example")), end),
			pairs("target-computer", "mail1.corp.example", "target-domain", "corp.example")},
		{"OEM", type2([]byte("C\xd6RP"), false), pairs("target", "CÖRP")},
		{"behind the end", type2(nil, true, end, netbios), nil},
		{"no end, and too short", type2(nil, true, netbios, []byte{3, 0, 9, 0, 'x', 0}), pairs("target-computer", "MAIL1", "target-domain", "CORP")},
		{"too many", type2(nil, true, bytes.Repeat(pair(9, nil), 32), netbios, end), nil},
		{"in SPNEGO", append([]byte("\xa1\x81\x20"), type2(utf16le("CORP"), true)...), pairs("target", "CORP")},
		{"cut", type2(utf16le("CORP"), true, netbios)[:23], nil},
		{"type 3", authenticate("DOM", "joe", "PC", nil, full, true), nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, exchange("NTLM", "s "+string(tt.challenge)).Detail); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// All that three messages tell has room.
func TestNTLMDetail(t *testing.T) {
	challenge := type2(utf16le("CORP"), true, pair(3, utf16le("m.c.example")), pair(4, utf16le("c.example")), pair(5, utf16le("example")))
	got := exchange("GSS-SPNEGO", "c "+string(ntlm(1, 32, nil)), "s "+string(challenge), "c "+string(authenticate("DOM", "joe", "PC", nil, full, true)))
	want := pairs("inner", "NTLM", "target", "CORP", "target-computer", "m.c.example", "target-domain", "c.example", "target-forest", "example",
		"domain", "DOM", "workstation", "PC", "response", "NTLMv1")
	if diff := cmp.Diff(want, got.Detail); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every offset and length is the sender's word only.
func TestNTLMHostile(t *testing.T) {
	good := authenticate("DOM", "joe", "PC", other, full, true)
	for _, at := range []int{12, 20, 28, 36, 44} {
		for _, offset := range []uint32{0, 63, uint32(len(good)) - 1, uint32(len(good)), 1 << 31, 1<<32 - 1} {
			for _, length := range []uint16{0, 1, 0xffff} {
				b := bytes.Clone(good)
				binary.LittleEndian.PutUint16(b[at:], length)
				binary.LittleEndian.PutUint32(b[at+4:], offset)
				if got := exchange("NTLM", "c "+string(b)); !got.Hide[0] {
					t.Errorf("field %d, offset %d, length %d: shown", at, offset, length)
				}
			}
		}
	}
	for n := range good {
		exchange("NTLM", "c "+string(good[:n]))
	}
	target := type2(utf16le("CORP"), true, pair(1, utf16le("MAIL1")), pair(0, nil))
	for _, at := range []int{12, 40} {
		for _, offset := range []uint32{0, uint32(len(target)) - 1, uint32(len(target)), 1<<32 - 1} {
			b := bytes.Clone(target)
			binary.LittleEndian.PutUint16(b[at:], 0xffff)
			binary.LittleEndian.PutUint32(b[at+4:], offset)
			for _, p := range exchange("NTLM", "s "+string(b)).Detail {
				if at == 12 && p.Key == "target" || at == 40 && p.Key != "target" {
					t.Errorf("field %d, offset %d: %v", at, offset, p)
				}
			}
		}
	}
}

func FuzzNTLM(f *testing.F) {
	f.Add(authenticate("DOM", "joe", "PC", other, full, true), ntlm(2, 48, nil))
	f.Add(ntlm(1, 32, map[int][]byte{16: []byte("D")}, 16), []byte{})
	f.Fuzz(func(t *testing.T, message, challenge []byte) {
		x := sasl.Begin([]byte("NTLM"))
		x.Challenge([]byte(base64.StdEncoding.EncodeToString(challenge)))
		hide := x.Client([]byte(base64.StdEncoding.EncodeToString(message)), false)
		if x.Attempt.Secret.Present() && !hide {
			t.Errorf("%x gave a secret and is shown", message)
		}
	})
}
