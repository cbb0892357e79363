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

// forms are the looks of the secrets that may not be left.
var forms = []string{urlToken, password, b64("\x00joe\x00" + password), b64(password), "aHVudGVy", "h1bnRlc", "odW50ZX"}

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
	if before != 47 {
		t.Errorf("the test has %d leaking texts, want 47", before)
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

// fill puts text into every string below v, and the password into every secret.
// Lists get one element.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[dissect.Secret]() {
			v.Set(reflect.ValueOf(dissect.NewSecret([]byte(password))))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	}
}

// holding lists the fields below v whose text holds the password.
func holding(v reflect.Value, path string, out []string) []string {
	switch v.Kind() {
	case reflect.String:
		if strings.Contains(v.String(), password) {
			out = append(out, path)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out = holding(v.Elem(), path, out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = holding(v.Index(i), path, out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out = holding(v.Field(i), path+"."+v.Type().Field(i).Name, out)
		}
	}
	return out
}

// Of all the texts that Facts have, only accounts are not searched, and these,
// which do not come from the network as they are.
func TestRedactReachesEveryText(t *testing.T) {
	f := new(dissect.Facts)
	fill(reflect.ValueOf(f).Elem(), "a "+password+" z")
	f.Auth[0].Account, f.Signs.URLs[0].User = "joe", "joe"
	alerts.NewRedactor(key).Redact(f)
	want := []string{
		".Tunnel", ".Files", ".Offer.Masks", ".Auth.Detail.Key",
		".TLS.Version", ".TLS.Cipher", ".TLS.JA3", ".TLS.JA3S", ".TLS.JA4",
		".TLS.Certificate.Key", ".TLS.Certificate.Signature", ".TLS.Certificate.SHA256",
		".TLS.Chain.Key", ".TLS.Chain.Signature", ".TLS.Chain.SHA256",
		".TLS.Alert", ".TLS.Offered", ".TLS.Sentinel", ".TLS.Compression", ".TLS.Group",
		".Signs.Contradicted.Masks", ".Signs.OddForm", ".Signs.Turn.Verb",
	}
	if diff := cmp.Diff(want, holding(reflect.ValueOf(f).Elem(), "", nil)); diff != "" {
		t.Errorf("fields with the password (-want +got):\n%s", diff)
	}
}

// The token of a URL is taken out like a password, wherever it comes again.
func TestRedactToken(t *testing.T) {
	f := leaky()
	f.Auth = nil
	alerts.NewRedactor(key).Redact(f)
	token := f.Signs.URLs[0]
	want := strings.TrimSuffix(urlauth, urlToken) + alerts.Mask
	if token.Secret.Present() || token.User != "joe" || token.Quote != (dissect.Quote{Text: "C: " + want}) {
		t.Errorf("token %+v", token)
	}
	if got := f.Transcript[3].Text; got != "again "+want {
		t.Errorf("transcript: %q", got)
	}
}

// A line of the transcript of which nobody knows what it is hides itself, and
// what repeats it. Its BASE64 is not known to be one.
func TestRedactTranscript(t *testing.T) {
	f := &dissect.Facts{Transcript: []dissect.Quote{
		{Side: dissect.Server, Text: "220 mx1"},
		{Text: "open-sesame", Hide: dissect.Span{From: 0, To: 11}},
		{Side: dissect.Server, Text: "500 what is open-sesame?"},
	}}
	alerts.NewRedactor(key).Redact(f)
	want := []dissect.Quote{
		{Side: dissect.Server, Text: "220 mx1"},
		{Text: alerts.Mask},
		{Side: dissect.Server, Text: "500 what is " + alerts.Mask + "?"},
	}
	if diff := cmp.Diff(want, f.Transcript); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A Dialogue holds what was said as it was said.
func TestNoDialogueLeft(t *testing.T) {
	f := &dissect.Facts{Dialogue: new(dissect.Room).New()}
	f.Dialogue.Add(dissect.Client, 0, []byte("PASS "+password))
	if c := alerts.Clone(f); c.Dialogue != nil {
		t.Error("a clone has the Dialogue")
	}
	alerts.NewRedactor(key).Redact(f)
	if f.Dialogue != nil {
		t.Error("redacted Facts have the Dialogue")
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
