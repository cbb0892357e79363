package evidence_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/evidence"
	"github.com/mailtap/mailtap/dissect"
)

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestOverwrite(t *testing.T) {
	for _, tt := range []struct{ name, mechanism, sent, secret, want string }{
		{"pop3", "USER", "hunter2", "hunter2", "xxxxxxx"},
		{"imap-quoted", "LOGIN-CMD", `"hunter2"`, "hunter2", "xxxxxxxxx"},
		{"apop", "APOP", "c4c9334bac560ecc979e58001b3e22fb", "c4c9334bac560ecc979e58001b3e22fb", strings.Repeat("x", 32)},
		{"plain", "PLAIN", encode("\x00joe\x00hunter2"), "hunter2", encode("\x00joe\x00xxxxxxx")},
		{"plain-the-account", "PLAIN", encode("joe\x00joe\x00joe"), "joe", encode("joe\x00joe\x00xxx")},
		{"plain-unpadded", "PLAIN", strings.TrimRight(encode("\x00joe\x00hunter"), "="), "hunter", strings.TrimRight(encode("\x00joe\x00xxxxxx"), "=")},
		{"plain-malformed", "PLAIN", encode("hunter2"), "", encode("xxxxxxx")},
		{"not-base64", "PLAIN", "hunter2!", "", "xxxxxxxx"},
		{"login", "LOGIN", encode("hunter2"), "hunter2", encode("xxxxxxx")},
		{"token", "XOAUTH2", encode("user=joe\x01auth=Bearer ya29.ab\x01\x01"), "ya29.ab", encode("user=joe\x01auth=Bearer xxxxxxx\x01\x01")},
		{"cram", "CRAM-MD5", encode("joe b913a602c7eda7a4"), "b913a602c7eda7a4", encode("joe xxxxxxxxxxxxxxxx")},
		{"spaces", "LOGIN", encode("hunter2") + "  ", "hunter2", encode("xxxxxxx") + "  "},
		{"unknown", "", "PASS hunter2", "", "xxxxxxxxxxxx"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a *dissect.Attempt
			if tt.mechanism != "" {
				a = &dissect.Attempt{Mechanism: tt.mechanism, Secret: dissect.NewSecret([]byte(tt.secret))}
			}
			if got := evidence.Overwrite([]byte(tt.sent), a); string(got) != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// Whatever stands where a secret stood, it has the same length, and the secret
// is not in it.
func FuzzOverwrite(f *testing.F) {
	for _, m := range []string{"USER", "PLAIN", "LOGIN", "NTLM", "GSS-SPNEGO", "DIGEST-MD5"} {
		f.Add(m, []byte("AGpvZQBodW50ZXIy"), []byte("hunter2"))
		f.Add(m, []byte(encode("NTLMSSP\x00\x03\x00\x00\x00\x18\x00\x18\x00\x20\x00\x00\x00\x18\x00\x18\x00\x20\x00\x00\x00")), []byte("hunter2"))
	}
	f.Fuzz(func(t *testing.T, mechanism string, sent, secret []byte) {
		got := evidence.Overwrite(bytes.Clone(sent), &dissect.Attempt{Mechanism: mechanism, Secret: dissect.NewSecret(secret)})
		if len(got) != len(sent) {
			t.Fatalf("%d bytes became %d", len(sent), len(got))
		}
		if mechanism != "LOGIN" || len(secret) == 0 || bytes.ContainsRune(secret, 'x') {
			return // a secret of the mark's letters may be made by the mark itself
		}
		text := bytes.Trim(got, " \t\"=")
		if decoded, err := base64.RawStdEncoding.DecodeString(string(text)); err == nil {
			text = decoded
		}
		if bytes.Contains(text, secret) {
			t.Fatalf("%q is left in %q", secret, got)
		}
	})
}

// A secret is found in plain and in BASE64, wherever in a group it begins, also
// a long one that is repeated in part.
func TestNeedles(t *testing.T) {
	for _, secret := range []string{"hunter2", "abcd", strings.Repeat("long-token.", 40)} {
		for lead := range 4 {
			text := strings.Repeat("-", lead) + secret + "--"
			for _, form := range []string{text, encode(text)} {
				got := string(evidence.Blot(secret, []byte("begin "+form+" end")))
				if !strings.HasPrefix(got, "begin ") || !strings.HasSuffix(got, " end") || len(got) != len(form)+10 {
					t.Errorf("%q became %q", form, got)
				}
				decoded, _ := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(got, "begin "), " end"))
				if strings.Contains(got, secret[:4]) || strings.Contains(string(decoded), secret[:4]) {
					t.Errorf("%q is left in %q", secret, got)
				}
			}
		}
	}
	if got := string(evidence.Blot("plain", []byte("AUTH plain"))); got != "AUTH plain" {
		t.Errorf("a word of every session: %q", got)
	}
}

// alike are the passwords of one who guesses.
func alike(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("Password%d", i))
	}
	return list
}

// Secrets that begin alike, or are the beginning of others, are all found.
func TestNeedlesThatBeginAlike(t *testing.T) {
	blot := evidence.Blotter(append(alike(3000), "Passw", "Passwor"))
	for text, want := range map[string]string{
		"Password7 Password77 Password2999.": "xxxxxxxxx xxxxxxxxxx xxxxxxxxxxxx.",
		"Passwor, Passw and Pass":            "xxxxxxx, xxxxx and Pass",
		"Password":                           "xxxxxxxd",
	} {
		if got := string(blot([]byte(text))); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// What it costs to look for the secrets of one who guesses, in what he sent.
func BenchmarkNeedles(b *testing.B) {
	blot := evidence.Blotter(alike(100_000))
	text := []byte(strings.Repeat("USER joe\r\nPASS Password77777\r\n", 1000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		blot(bytes.Clone(text))
	}
}
