package sasl_test

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

const (
	kerberosOID = "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
	spnegoOID   = "\x06\x06\x2b\x06\x01\x05\x05\x02"
)

func bytesOf(f func(b *cryptobyte.Builder)) string {
	var b cryptobyte.Builder
	f(&b)
	return string(b.BytesOrPanic())
}

// wrapIn encodes content with a tag.
func wrapIn(tag asn1.Tag, content ...string) string {
	return bytesOf(func(b *cryptobyte.Builder) {
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(strings.Join(content, ""))) })
	})
}

func number(n int64) string { return bytesOf(func(b *cryptobyte.Builder) { b.AddASN1Int64(n) }) }

func field(n uint8, content ...string) string {
	return wrapIn(asn1.Tag(n).ContextSpecific().Constructed(), content...)
}

func text(s string) string { return wrapIn(27, s) }

// request builds the token of an AP-REQ (RFC 4120, section 5.5.1).
func request(realm string, etype int64, service ...string) string {
	var names string
	for _, s := range service {
		names += text(s)
	}
	sealed := wrapIn(asn1.SEQUENCE, field(0, number(etype)), field(2, wrapIn(asn1.OCTET_STRING, "sealed")))
	ticket := wrapIn(0x61, wrapIn(asn1.SEQUENCE, field(0, number(5)), field(1, text(realm)),
		field(2, wrapIn(asn1.SEQUENCE, field(0, number(3)), field(1, wrapIn(asn1.SEQUENCE, names)))), field(3, sealed)))
	ap := wrapIn(0x6e, wrapIn(asn1.SEQUENCE, field(0, number(5)), field(1, number(14)), field(2, "\x03\x05\x00\x20\x00\x00\x00"),
		field(3, ticket), field(4, sealed)))
	return wrapIn(0x60, kerberosOID, "\x01\x00", ap)
}

// inSPNEGO builds the first token of a negotiation (RFC 4178, section 4.2.1).
func inSPNEGO(token string) string {
	return wrapIn(0x60, spnegoOID, field(0, wrapIn(asn1.SEQUENCE, field(0, wrapIn(asn1.SEQUENCE, kerberosOID)),
		field(2, wrapIn(asn1.OCTET_STRING, token)))))
}

// wrapped builds a wrap token (RFC 4121, section 4.2.6.2) whose bytes behind
// the header are rotated.
func wrapped(content string, flags byte, rotation int) string {
	const sum = "checksum"
	b := append([]byte("\x05\x04"), flags, 0xff)
	b = binary.BigEndian.AppendUint16(b, uint16(len(sum)))
	b = binary.BigEndian.AppendUint16(b, uint16(rotation))
	b = append(b, "12345678"...)
	body := content + sum
	r := rotation % len(body)
	return string(b) + body[len(body)-r:] + body[:len(body)-r]
}

// wrappedOld builds one of RFC 1964, section 1.2.2.
func wrappedOld(content string, sign byte, seal string) string {
	sum := strings.Repeat("s", 8)
	if sign == 4 {
		sum = strings.Repeat("s", 20)
	}
	return wrapIn(0x60, kerberosOID, "\x02\x01", string([]byte{sign, 0}), seal, "\xff\xff", "sequence", sum, "confound", content, "\x01")
}

func TestKerberos(t *testing.T) {
	good := request("EXAMPLE.ORG", 23, "imap", "mail.example.org")
	detail := pairs("inner", "Kerberos", "realm", "EXAMPLE.ORG", "service", "imap/mail.example.org", "encryption", "rc4-hmac")
	none := "\x01\x00\x00\x00"
	tests := []struct {
		name, mechanism string
		lines           []string
		want            result
	}{
		{"request", "GSSAPI", []string{"i " + good}, result{"GSSAPI", "", false, good, detail, yes}},
		{"in SPNEGO", "GSS-SPNEGO", []string{"i " + inSPNEGO(good)}, result{"GSS-SPNEGO", "", false, inSPNEGO(good), detail, yes}},
		{"authorization identity", "gssapi", []string{"i " + good, "s x", "C ", "s x", "c " + wrapped(none+"joe", 0, 12)},
			result{"GSSAPI", "joe", true, good, detail, []bool{true, false, true}}},
		{"authorization identity, old", "GSSAPI", []string{"c " + wrappedOld(none+"joe", 4, "\xff\xff")},
			result{"GSSAPI", "joe", true, wrappedOld(none+"joe", 4, "\xff\xff"), pairs("inner", "Kerberos"), yes}},
		{"encryption without a name", "GSSAPI", []string{"i " + request("R", 99, "a", "b", "c", "d", "e")},
			result{"GSSAPI", "", false, request("R", 99, "a", "b", "c", "d", "e"),
				pairs("inner", "Kerberos", "realm", "R", "service", "a/b/c/d", "encryption", "etype 99"), yes}},
		{"no service", "GSSAPI", []string{"i " + request("R", 18)},
			result{"GSSAPI", "", false, request("R", 18), pairs("inner", "Kerberos", "realm", "R", "encryption", "aes256-cts-hmac-sha1-96"), yes}},
		{"not Kerberos", "GSSAPI", []string{"i what"}, result{"GSSAPI", "", false, "what", nil, yes}},

		{"version 4", "KERBEROS_V4", []string{"s \x01\x02\x03\x04", "c \x04\x06\x01EXAMPLE.ORG\x00\x10\x20"},
			result{"KERBEROS_V4", "", false, "\x04\x06\x01EXAMPLE.ORG\x00\x10\x20", pairs("realm", "EXAMPLE.ORG"), yes}},
		{"version 4, the other order", "KERBEROS_V4", []string{"c \x04\x07\x01R\x00"}, result{"KERBEROS_V4", "", false, "\x04\x07\x01R\x00", pairs("realm", "R"), yes}},
		{"version 4, no end", "KERBEROS_V4", []string{"c \x04\x06\x01EXAMPLE"}, result{"KERBEROS_V4", "", false, "\x04\x06\x01EXAMPLE", nil, yes}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, exchange(tt.mechanism, tt.lines...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A token that breaks off tells what it has told so far, and nothing else.
func TestKerberosCut(t *testing.T) {
	good := request("EXAMPLE.ORG", 23, "imap", "mail.example.org")
	want := map[string]string{"inner": "Kerberos", "realm": "EXAMPLE.ORG", "service": "imap/mail.example.org", "encryption": "rc4-hmac"}
	for n := 1; n < len(good); n++ {
		for _, p := range exchange("GSSAPI", "i "+good[:n]).Detail {
			if want[p.Key] != p.Value {
				t.Errorf("cut at %d: %s %q", n, p.Key, p.Value)
			}
		}
	}
}

func TestLayer(t *testing.T) {
	good := request("EXAMPLE.ORG", 18, "imap", "mail.example.org")
	flow := func(last string) []string { return []string{"i " + good, "s x", "C ", "s x", "c " + last} }
	tests := []struct {
		name, mechanism string
		lines           []string
		want            bool
	}{
		{"plain", "PLAIN", []string{"i \x00joe\x00pw"}, false},
		{"ntlm", "NTLM", []string{"c " + string(authenticate("DOM", "joe", "PC", nil, full, true))}, false},
		{"digest auth", "DIGEST-MD5", []string{`c username="joe",qop=auth,response=1`}, false},
		{"digest no qop", "DIGEST-MD5", []string{`c username="joe",response=1`}, false},
		{"digest auth-int", "digest-md5", []string{`c username="joe",qop=auth-int,response=1`, "C "}, true},
		{"digest auth-conf", "DIGEST-MD5", []string{`c username="joe",qop="AUTH-CONF",response=1`}, true},
		{"no layer", "GSSAPI", flow(wrapped("\x01\x00\x00\x00", 0, 0)), false},
		{"no layer, turned", "GSSAPI", flow(wrapped("\x01\x00\x00\x00joe", 4, 28)), false},
		{"integrity", "GSSAPI", flow(wrapped("\x02\x00\xff\xffjoe", 0, 12)), true},
		{"confidentiality", "GSSAPI", flow(wrapped("\x04\x00\xff\xff", 4, 65535)), true},
		{"sealed", "GSSAPI", flow(wrapped("\x01\x00\x00\x00", 2, 0)), true},
		{"too short", "GSSAPI", flow(wrapped("\x01", 0, 0)), true},
		{"no layer, old", "GSSAPI", flow(wrappedOld("\x01\x00\x00\x00", 0, "\xff\xff")), false},
		{"confidentiality, old", "GSSAPI", flow(wrappedOld("\x04\x00\x00\x00", 4, "\xff\xff")), true},
		{"sealed, old", "GSSAPI", flow(wrappedOld("\x01\x00\x00\x00", 0x11, "\x10\x00")), true},
		{"choice not seen", "GSSAPI", []string{"i " + good, "s x"}, true},
		{"Kerberos in SPNEGO as GSSAPI", "GSSAPI", []string{"i " + inSPNEGO(good)}, false},
		{"SPNEGO goes on", "GSSAPI", []string{"i " + inSPNEGO(good), "s x", "c \xa1\x03abc"}, false},
		{"NTLM as GSSAPI", "GSSAPI", []string{"c " + string(authenticate("DOM", "joe", "PC", nil, full, true))}, false},
		{"Kerberos as GSS-SPNEGO", "GSS-SPNEGO", []string{"i " + inSPNEGO(good)}, true},
		{"NTLM as GSS-SPNEGO", "GSS-SPNEGO", []string{"c " + string(authenticate("DOM", "joe", "PC", nil, full, true))}, true},
		{"version 4", "KERBEROS_V4", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := sasl.Begin([]byte(tt.mechanism))
			feed(x, tt.lines)
			if got := x.Layer() != nil; got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestFramed(t *testing.T) {
	for b, want := range map[string]bool{"": false, "\x00\x00\x00\x3c": true, "\x00": true, "* OK": false, "\r\n": false, "\x16\x03": false} {
		if got := sasl.Framed([]byte(b)); got != want {
			t.Errorf("Framed(%q) = %t", b, got)
		}
	}
}

func FuzzGSSAPI(f *testing.F) {
	f.Add([]byte(request("EXAMPLE.ORG", 18, "imap", "mail.example.org")), "GSSAPI")
	f.Add([]byte(inSPNEGO(request("EXAMPLE.ORG", 18, "imap"))), "GSS-SPNEGO")
	f.Add([]byte(wrapped("\x01\x00\x00\x00joe", 0, 12)), "GSSAPI")
	f.Add([]byte(wrappedOld("\x01\x00\x00\x00joe", 4, "\xff\xff")), "GSSAPI")
	f.Add([]byte("\x04\x06\x01EXAMPLE.ORG\x00\x10\x20"), "KERBEROS_V4")
	f.Fuzz(func(t *testing.T, message []byte, mechanism string) {
		x := sasl.Begin([]byte(mechanism))
		hide := x.Client([]byte(base64.StdEncoding.EncodeToString(message)), true)
		if x.Attempt.Secret.Present() && !hide {
			t.Errorf("%q gave a secret and is shown", message)
		}
		if len(x.Attempt.Account) > dissect.MaxText {
			t.Errorf("account of %d bytes", len(x.Attempt.Account))
		}
	})
}
