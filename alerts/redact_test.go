package alerts_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

var key = [32]byte{1, 2, 3}

// texts collects all strings that v leads to, unexported ones too.
func texts(v reflect.Value, out []string) []string {
	switch v.Kind() {
	case reflect.String:
		out = append(out, v.String())
	case reflect.Pointer:
		if !v.IsNil() {
			out = texts(v.Elem(), out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = texts(v.Index(i), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out = texts(v.Field(i), out)
		}
	}
	return out
}

// forms are the looks of the password that may not be left.
var forms = []string{password, b64("\x00joe\x00" + password), b64(password), "aHVudGVy", "h1bnRlc", "odW50ZX"}

func leaks(text string) bool {
	for _, form := range forms {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestRedactLeavesNothing(t *testing.T) {
	f := leaky()
	before := 0
	for _, s := range texts(reflect.ValueOf(f), nil) {
		if leaks(s) {
			before++
		}
	}
	if before != 25 {
		t.Errorf("the test has %d leaking texts, want 25", before)
	}
	alerts.NewRedactor(key).Redact(f)
	for _, s := range texts(reflect.ValueOf(f), nil) {
		if leaks(s) {
			t.Errorf("left: %q", s)
		}
	}
	printed, err := json.Marshal(f)
	if err != nil || leaks(string(printed)) {
		t.Errorf("JSON leaks: %v: %s", err, printed)
	}
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if s := fmt.Sprintf(format, *f.Auth[0]); leaks(s) {
			t.Errorf("%s leaks: %s", format, s)
		}
	}
}

// An unfinished list is not in the reach of any reader, and yet printed by fmt.
func TestRedactClosesFacts(t *testing.T) {
	f := leaky()
	f.Add(&dissect.Event{Kind: dissect.ListBegin})
	f.Add(&dissect.Event{Kind: dissect.Capability, Line: []byte("250-" + password), Text: []byte(password)})
	alerts.NewRedactor(key).Redact(f)
	if s := fmt.Sprintf("%+v", f); leaks(s) {
		t.Errorf("left: %s", s)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	f := &dissect.Facts{Auth: leaky().Auth}
	r := alerts.NewRedactor([32]byte([]byte("a key of thirty-two bytes, quiet")))
	for _, format := range []string{"%v", "%+v", "%#v"} {
		for _, v := range []any{f, *f, f.Auth, f.Auth[0].Secret, r, *r} {
			s := fmt.Sprintf(format, v)
			if leaks(s) || strings.Contains(s, "97 32 107") || strings.Contains(s, "0x61, 0x20") {
				t.Errorf("%s of %T leaks: %s", format, v, s)
			}
		}
	}
	for _, v := range []any{f.Auth[0].Secret, r, *r} {
		if s := fmt.Sprintf("%s %d %x", v, v, v); leaks(s) || strings.Contains(s, "97 32 107") || strings.Contains(s, "61206b") {
			t.Errorf("%T leaks: %s", v, s)
		}
	}
}

func TestRedactKeeps(t *testing.T) {
	f := leaky()
	alerts.NewRedactor(key).Redact(f)
	a := f.Auth[0]
	if a.Account != "joe" || a.Mechanism != "PLAIN" || f.Offer.Mechanisms[0] != "PLAIN" {
		t.Errorf("lost: account %q, mechanism %q, offer %q", a.Account, a.Mechanism, f.Offer.Mechanisms)
	}
	if len(a.Fingerprint) != 6 || a.SecretSize != 12 || a.Secret.Present() {
		t.Errorf("attempt: fingerprint %q, size %d, secret %v", a.Fingerprint, a.SecretSize, a.Secret)
	}
	if got, want := a.Quotes[0], (dissect.Quote{Text: "AUTH PLAIN " + alerts.Mask}); got != want {
		t.Errorf("quote %+v, want %+v", got, want)
	}
	if got, want := f.Messages[0].Subject, "my password: "+alerts.Mask; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	once := alerts.Clone(f)
	alerts.NewRedactor(key).Redact(f)
	if diff := diffFacts(once, f); diff != "" {
		t.Errorf("redacted twice (-once +twice):\n%s", diff)
	}
}

func diffFacts(a, b *dissect.Facts) string {
	show := func(f *dissect.Facts) []string { return texts(reflect.ValueOf(f), nil) }
	return cmp.Diff(show(a), show(b))
}

// Clone shares nothing that Redact writes.
func TestCloneIsDeep(t *testing.T) {
	f := leaky()
	c := alerts.Clone(f)
	if diff := diffFacts(f, c); diff != "" {
		t.Errorf("(-facts +clone):\n%s", diff)
	}
	alerts.NewRedactor(key).Redact(c)
	if diff := diffFacts(leaky(), f); diff != "" {
		t.Errorf("redacting the clone changed the Facts (-want +got):\n%s", diff)
	}
	f.VLAN[0], f.Tunnel[0], f.Files[0] = 1, "x", "x"
	if c.VLAN[0] != 12 || c.Tunnel[0] != "gre" || c.Files[0] != "a.pcap" {
		t.Errorf("shared: %v %v %v", c.VLAN, c.Tunnel, c.Files)
	}
}

func TestFingerprint(t *testing.T) {
	seal := func(key [32]byte, secret string) *dissect.Attempt {
		a := &dissect.Attempt{Secret: dissect.NewSecret([]byte(secret))}
		alerts.NewRedactor(key).Redact(&dissect.Facts{Auth: []*dissect.Attempt{a}})
		return a
	}
	// printf joe | openssl dgst -sha256 -mac HMAC -macopt hexkey:010203(29 times 00)
	if got := seal(key, "joe").Fingerprint; got != "8a4890" {
		t.Errorf("fingerprint %q", got)
	}
	if seal(key, "joe").Fingerprint == seal([32]byte{}, "joe").Fingerprint {
		t.Error("the fingerprint does not depend on the key")
	}
	for n, want := range map[int]uint8{0: 8, 1: 8, 8: 8, 9: 12, 12: 12, 13: 16, 16: 16, 17: 255, 500: 255} {
		if got := seal(key, strings.Repeat("x", n)); got.SecretSize != want || !alerts.SecretSent(got) {
			t.Errorf("%d bytes: size %d, want %d", n, got.SecretSize, want)
		}
	}
	none := &dissect.Attempt{}
	alerts.NewRedactor(key).Redact(&dissect.Facts{Auth: []*dissect.Attempt{none}})
	if none.Fingerprint != "" || alerts.SecretSent(none) {
		t.Errorf("nothing was sent, and there is %+v", none)
	}
}

func BenchmarkRedact(b *testing.B) {
	for _, n := range []int{0, 1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := &dissect.Facts{Banner: "mx1.example ESMTP", Hello: "pc7"}
			for i := range n {
				secret := fmt.Sprintf("password%d", i)
				f.Auth = append(f.Auth, &dissect.Attempt{
					Mechanism: "PLAIN", Account: "joe", Secret: dissect.NewSecret([]byte(secret)),
					Quotes: []dissect.Quote{
						{Text: "AUTH PLAIN " + b64("\x00joe\x00"+secret), Hide: dissect.Span{From: 11, To: 100}},
						{Text: "535 5.7.8 Error: authentication failed: (reason unavailable)"},
					},
				})
			}
			r := alerts.NewRedactor(key)
			b.ReportAllocs()
			var copies []*dissect.Facts // made many at once: stopping the timer costs more than a Redact
			for b.Loop() {
				if len(copies) == 0 {
					b.StopTimer()
					for range 1 + 1000/(n+1) {
						copies = append(copies, alerts.Clone(f))
					}
					b.StartTimer()
				}
				r.Redact(copies[len(copies)-1])
				copies = copies[:len(copies)-1]
			}
		})
	}
}
