package alerts_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// redacted returns a banner after secrets of account joe were taken out.
func redacted(banner string, secrets ...string) string {
	f := &dissect.Facts{Banner: banner}
	for _, s := range secrets {
		f.Auth = append(f.Auth, &dissect.Attempt{Account: "joe", Secret: dissect.NewSecret([]byte(s))})
	}
	alerts.NewRedactor(key).Redact(f)
	return f.Banner
}

func TestMask(t *testing.T) {
	tests := []struct {
		name, text string
		secrets    []string
		want       string // # stands for the mask
	}{
		{"plain", "PASS sesame", []string{"sesame"}, "PASS #"},
		{"within-a-word", "xsesamex", []string{"sesame"}, "x#x"},
		{"case-counts", "Sesame SESAME", []string{"sesame"}, "Sesame SESAME"},
		{"twice", "sesame or sesame", []string{"sesame"}, "# or #"},
		{"side-by-side", "sesamesesame", []string{"sesame"}, "#"},
		{"overlapping", "abcdef", []string{"abcd", "cdef"}, "#"},
		{"longer-and-shorter", "abcdef abcx", []string{"abc", "abcdef"}, "# #x"},
		{"prefix-of-the-text-before", "abd abcz", []string{"ab1", "abc", "abcx"}, "abd #z"},
		{"three-bytes", "xabcx", []string{"abc"}, "x#x"},
		{"two-bytes-are-a-word", "ab cab ab1 (ab)", []string{"ab"}, "# cab ab1 (#)"},
		{"two-bytes-base64", "AUTH YWI= or YWI but not xYWI", []string{"ab"}, "AUTH # or # but not xYWI"},
		{"one-byte", "1 of 11", []string{"1"}, "# of 11"},
		{"empty", "nothing to hide", []string{""}, "nothing to hide"},
		{"spaces", "PASS my pass word!", []string{"my pass word"}, "PASS #!"},
		{"base64-padded", "echo c2VzYW1lMQ==.", []string{"sesame1"}, "echo #."},
		{"base64-unpadded", "echo c2VzYW1lMQ.", []string{"sesame1"}, "echo #."},
		{"base64-second-place", "AUTH " + b64("\x00joe\x00sesame"), []string{"sesame"}, "AUTH #"},
		{"base64-third-place", "AUTH " + b64("\x00jo\x00sesame"), []string{"sesame"}, "AUTH #"},
		{"base64-from-the-start", "c2VzYW1l and more", []string{"sesame"}, "# and more"},
		{"base64-first-place", "AUTH " + b64("\x00j\x00sesame"), []string{"sesame"}, "AUTH #"},
		{"no-utf8", "\xff\xfe sesame\xff", []string{"sesame"}, "\xff\xfe #\xff"},
		{"cut-at-the-end", strings.Repeat("-", dissect.MaxText-4) + "sesa", []string{"sesame"},
			strings.Repeat("-", dissect.MaxText-4) + "#"},
		{"cut-before-a-long-character", strings.Repeat("-", dissect.MaxText-8) + "passw", []string{"passw\U0001d11e"},
			strings.Repeat("-", dissect.MaxText-8) + "#"},
		{"whole-text-ends-like-a-secret", "sesa", []string{"sesame"}, "sesa"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.ReplaceAll(tt.want, "#", alerts.Mask)
			if diff := cmp.Diff(want, redacted(tt.text, tt.secrets...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The length of the secrets decides which places of a text are looked at: none
// may be passed over.
func TestMaskEveryPlace(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for size := 3; size <= len(letters); size++ {
		secret := letters[:size]
		for at := range 2 * size {
			before, after := strings.Repeat("-", at), strings.Repeat("-", 2*size-at)
			text := "AUTH " + b64(before+secret+after)
			if got, want := redacted(before+secret+after, secret), before+alerts.Mask+after; got != want {
				t.Errorf("%d bytes at %d: %q", size, at, got)
			}
			if got, want := redacted(text, secret), "AUTH "+alerts.Mask; got != want {
				t.Errorf("BASE64 of %d bytes at %d: %q", size, at, got)
			}
		}
	}
}

func TestMaskHide(t *testing.T) {
	tests := []struct {
		name, text string
		hide       dissect.Span
		want       string
	}{
		{"end", "PASS x", dissect.Span{From: 5, To: 6}, "PASS #"},
		{"middle", `a LOGIN joe "x y" `, dissect.Span{From: 12, To: 17}, "a LOGIN joe # "},
		{"all", "dGVzdA", dissect.Span{From: 0, To: 6}, "#"},
		{"nothing", "AUTH LOGIN", dissect.Span{}, "AUTH LOGIN"},
		{"beyond-the-end", "PASS x", dissect.Span{From: 5, To: 99}, "PASS #"},
		{"wrong-way", "PASS x", dissect.Span{From: 5, To: 2}, "PASS x"},
		{"negative", "PASS x", dissect.Span{From: -1, To: 4}, "# x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &dissect.Facts{MailCommand: &dissect.Quote{Text: tt.text, Hide: tt.hide}}
			alerts.NewRedactor(key).Redact(f)
			want := dissect.Quote{Text: strings.ReplaceAll(tt.want, "#", alerts.Mask)}
			if diff := cmp.Diff(want, *f.MailCommand); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What crossed in place of a secret is masked where the server repeats it, also
// when it did not decode.
func TestMaskSentElsewhere(t *testing.T) {
	sent := dissect.Quote{Text: "AUTH PLAIN !notbase64!", Hide: dissect.Span{From: 11, To: 22}}
	cancel := dissect.Quote{Text: "*", Hide: dissect.Span{From: 0, To: 1}}
	f := &dissect.Facts{
		Auth:   []*dissect.Attempt{{Quotes: []dissect.Quote{sent, cancel, {Text: "501 bad: !notbase64!"}}}},
		Banner: "* OK",
	}
	alerts.NewRedactor(key).Redact(f)
	if got, want := f.Auth[0].Quotes[2].Text, "501 bad: "+alerts.Mask; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if f.Banner != "* OK" {
		t.Errorf("banner %q: a hidden asterisk is no secret elsewhere", f.Banner)
	}
}

// A password that is the account's name would hide every address of the user,
// and these tell no more than the account does.
func TestMaskAddresses(t *testing.T) {
	f := &dissect.Facts{
		Auth: []*dissect.Attempt{
			{Mechanism: "USER", Account: "test", HasAccount: true, Secret: dissect.NewSecret([]byte("test"))},
			{Mechanism: "NTLM", Account: "amy", Secret: dissect.NewSecret([]byte("response")),
				Detail: []dissect.Pair{{Key: "response", Value: "LM"}, {Key: "authzid", Value: "test"}}},
			{Mechanism: "USER", Account: "amy", Secret: dissect.NewSecret([]byte("LM"))},
		},
		Messages: []*dissect.Message{{From: "test@x.example", To: []string{"response@x.example"}, Subject: "a test"}},
	}
	alerts.NewRedactor(key).Redact(f)
	m := f.Messages[0]
	got := []string{f.Auth[0].Account, m.From, m.To[0], m.Subject, f.Auth[1].Detail[0].Value, f.Auth[1].Detail[1].Value}
	want := []string{"test", "test@x.example", alerts.Mask + "@x.example", "a " + alerts.Mask, "LM", "test"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzRedact holds masking against what may never be left.
func FuzzRedact(f *testing.F) {
	f.Add("sesame", "say ", " aloud", "sesam")
	f.Add("abc", "ab", "c", "abcd")
	f.Add("aab", "a", "b", "aaa")
	f.Add("\x00\x00\x00", "\x00", "", "x")
	f.Add("\x00Q0", "\xaa\xec", "N", "4")
	f.Add("correct horse battery", "say ", " aloud", "horse battery staple")
	f.Fuzz(func(t *testing.T, secret, before, after, other string) {
		if len(secret) < 3 || strings.ContainsAny(secret, alerts.Mask) || !utf8.ValidString(secret) {
			return
		}
		text := before + secret + after
		if got := redacted(text, other, secret); strings.Contains(got, secret) {
			t.Errorf("%q without %q and %q: %q", text, other, secret, got)
		}
		// A short secret may look like "AUTH" in BASE64, which is masked then, too.
		sent := "AUTH " + b64(text)
		if got := redacted(sent, secret); !strings.HasSuffix(got, alerts.Mask) || strings.Contains(got, b64(text)) {
			t.Errorf("BASE64 of %q without %q: %q", text, secret, got)
		}
	})
}
