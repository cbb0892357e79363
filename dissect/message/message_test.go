package message_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/message"
)

// read feeds a message cut every so many bytes and gives what was found.
func read(text string, cut int) *dissect.Message {
	var r message.Reader
	for b := []byte(text); len(b) > 0 && r.Wants(); {
		n := min(cut, len(b))
		r.Write(b[:n])
		b = b[n:]
	}
	m := &dissect.Message{}
	r.Fill(m, true)
	return m
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestSubject(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"plain", "Subject: Q3 forecast", "Q3 forecast"},
		{"any case, no space", "SUBJECT:x", "x"},
		{"space before the colon", "Subject : x", "x"},
		{"empty", "Subject:", ""},
		{"folded", "Subject: some\n  what", "some  what"},
		{"folded with a tab", "Subject: some\n\twhat", "some what"},
		{"the first counts", "Subject: one\nSubject: two\n more", "one"},
		{"another field's fold", "Subject: one\nX-A: b\n two", "one"},

		{"Q", "Subject: =?utf-8?q?caf=C3=A9_au_lait?=", "café au lait"},
		{"B Latin-1", "Subject: =?iso-8859-1?B?dGVzdCDlIOk=?=", "test å é"},
		{"B without padding", "Subject: =?utf-8?B?w6k?= x", "é x"},
		{"B empty among others", "Subject: =?ISO-8859-1?B?YQ==?==?ISO-8859-1?B??==?ISO-8859-1?B?Yg==?=", "ab"},
		{"neighbours", "Subject: =?utf-8?q?a?=\n =?utf-8?q?b?=", "ab"},
		{"neighbours without space", "Subject: =?utf-8?q?a_?==?iso-8859-1?q?=E9?=", "a é"},
		{"word after text without space", "Subject: Re:=?utf-8?q?a?=", "Re: a"},
		{"word before text without space", "Subject: =?utf-8?q?a?=b", "a b"},
		{"words and text", "Subject: =?utf-8?q?a?= b =?utf-8?q?c?= =?utf-8?b?ZA==?=", "a b cd"},
		{"character broken between words, Q", "Subject: =?utf-8?Q?caf=C3?= =?UTF-8?q?=A9?=", "café"},
		{"character broken between words, B", "Subject: =?utf-8?B?Y2Fmwx==?= x =?utf-8?B?YWJj?=", "caf\uFFFD x abc"},
		{"character broken between whole words, B", "Subject: =?utf-8?B?YWLD?= =?utf-8?B?qWNk?=", "abécd"},
		{"Japanese", "Subject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
		{"Chinese", "Subject: =?gb2312?B?1tDOxA==?=", "中文"},
		{"HZ, which HTML forbids", "Subject: =?hz-gb-2312?Q?~{VPND~}?=", "中文"},
		{"Cyrillic", "Subject: =?koi8-r?B?0NLJ18XU?=", "привет"},
		{"language", "Subject: =?utf-8*en?q?hi=C3=A9?=", "hié"},
		{"unknown set", "Subject: =?x-own?q?caf=C3=A9?=", "café"},
		{"unknown 8 bit", "Subject: =?unknown-8bit?q?caf=E9?=", "café"},
		{"broken Q", "Subject: a =?utf-8?q?=ZZ?= b", "a =?utf-8?q?=ZZ?= b"},
		{"broken B", "Subject: =?utf-8?b?!?= =?utf-8?b?YQ==?=", "=?utf-8?b?!?= a"},
		{"not a word", "Subject: what =? is =?this? =?utf-8?q?a?=", "what =? is =?this? a"},
		{"raw UTF-8", "Subject: café", "café"},
		{"raw windows-1252", "Subject: What\x92s", "What’s"},
		{"raw windows-1252 at the end", "Subject: caf\xe9", "café"},
		{"control characters", "Subject: a\x1b[31mb\x00c =?utf-8?q?=1B]0;x=07_=C2=9B?=", "a[31mbc ]0;x"},
		{"line end in a word", "Subject: =?utf-8?q?a=0D=0Ab?=", "a  b"},
	}
	for _, tt := range tests {
		got := read(crlf(tt.header+"\n\nbody\n"), 1000)
		if !got.HasSubject || got.Subject != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got.Subject, got.HasSubject, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		name, header, from string
		to                 []string
	}{
		{"bare", "From: joe@example.org\nTo: ann@example.org", "joe@example.org", []string{"ann@example.org"}},
		{"case is kept", "From: Joe@Example.ORG", "Joe@Example.ORG", nil},
		{"names", "From: \"Doe, Joe\" <joe@example.org>\nTo: A <a@example.org>,\n\tb@example.org (Bob)", "joe@example.org", []string{"a@example.org", "b@example.org"}},
		{"encoded name, unknown set", "From: =?x-own?q?J=F6rg?= <joe@example.org>", "joe@example.org", nil},
		{"group", "To: friends: a@example.org, b@example.org;", "", []string{"a@example.org", "b@example.org"}},
		{"nobody", "From: joe@example.org\nTo: undisclosed-recipients:;", "joe@example.org", nil},
		{"raw 8 bit", "From: J\xf6rg <joe@example.org>", "joe@example.org", nil},
		{"unquoted comma and dot", "From: Joe [IT] A. <joe@example.org>\nTo: a@example.org,, b@example.org,", "joe@example.org", []string{"a@example.org", "b@example.org"}},
		{"no domain", "From: root\nTo: root (Charlie), <ann>", "root", []string{"root", "ann"}},
		{"slash in the local part", "To: bm/r9@example.org, a..b@example.org", "", []string{"bm/r9@example.org", "a..b@example.org"}},
		{"quoted comma in a broken list", "To: \"a, b\" <a@example.org>, b@", "", []string{"a@example.org", "b@"}},
		{"bracket left open", "From: Joe <joe@example.org", "joe@example.org", nil},
		{"words only", "From: no address here", "", nil},
	}
	for _, tt := range tests {
		got := read(crlf(tt.header+"\n\n"), 1000)
		if got.From != tt.from || !slices.Equal(got.To, tt.to) {
			t.Errorf("%s: got %q to %q, want %q to %q", tt.name, got.From, got.To, tt.from, tt.to)
		}
		if want := strings.Contains(tt.header, "From:"); got.HasFrom != want {
			t.Errorf("%s: HasFrom is %v", tt.name, got.HasFrom)
		}
	}
}

// SMTP has its envelope, which the header may contradict.
func TestFillKeepsEnvelope(t *testing.T) {
	var r message.Reader
	r.Write([]byte("From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\n"))
	m := &dissect.Message{From: "env@example.org", HasFrom: true, To: []string{"rcpt@example.org"}}
	r.Fill(m, false)
	want := &dissect.Message{From: "env@example.org", HasFrom: true, To: []string{"rcpt@example.org"}, Subject: "x", HasSubject: true}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A message may begin without a header, end within it, or lose a part.
func TestBrokenHeader(t *testing.T) {
	tests := []struct {
		name, text string
		want       dissect.Message
	}{
		{"none", "just text\r\nSubject: quoted\r\n", dissect.Message{}},
		{"a dot", ".\r\n", dissect.Message{}},
		{"empty line first", "\r\nSubject: body\r\n", dissect.Message{}},
		{"bare LF", "Subject: x\n\nSubject: body\n", dissect.Message{Subject: "x", HasSubject: true}},
		{"no empty line", "Subject: x\r\n", dissect.Message{Subject: "x", HasSubject: true}},
		{"unfinished line", "To: a@example.org\r\nSubject: x", dissect.Message{To: []string{"a@example.org"}}},
		{"text in the header", "Subject: x\r\nhello there\r\nTo: a@example.org\r\n", dissect.Message{Subject: "x", HasSubject: true}},
		{"mailbox line without fields", "From joe\r\n\r\nSubject: body\r\n", dissect.Message{}},
		{"mailbox line later", "Subject: x\r\nFrom joe\r\nTo: a@example.org\r\n", dissect.Message{Subject: "x", HasSubject: true}},
		{"no name", ": y\r\nSubject: x\r\n\r\n", dissect.Message{}},
		{"CR alone", "\rSubject: x\r\n\r\n", dissect.Message{}},
		{"armour for a header", "-----BEGIN PGP MESSAGE-----\r\n", dissect.Message{Protection: dissect.PGP}},
		{"armour behind a field", "Subject: x\r\n-----BEGIN PGP MESSAGE-----\r\n", dissect.Message{Subject: "x", HasSubject: true, Protection: dissect.PGP}},
		{"armour with more", "-----BEGIN PGP MESSAGE----- x\r\n", dissect.Message{}},
		{"mailbox line", ">From joe Mon Jan  1\r\nSubject: x\r\n\r\n", dissect.Message{Subject: "x", HasSubject: true}},
		{"fold first", " fold\r\nSubject: x\r\n\r\n", dissect.Message{Subject: "x", HasSubject: true}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, *read(tt.text, 1000)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestLose(t *testing.T) {
	var r message.Reader
	r.Write([]byte("Subject: seen\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"\r\nTo: a@example.org\r\n"))
	r.Lose() // To may have gone on behind a fold
	if r.Wants() {
		t.Error("still wants bytes")
	}
	r.Write([]byte("From: joe@example.org\r\n\r\n"))
	m := &dissect.Message{}
	r.Fill(m, true)
	want := &dissect.Message{Subject: "seen", HasSubject: true, Protection: dissect.PGP}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBounds(t *testing.T) {
	subject := read("Subject: "+strings.Repeat("é", 10000)+"\r\n\r\n", 100).Subject
	if want := strings.Repeat("é", dissect.MaxText/2); subject != want {
		t.Errorf("subject of %d bytes", len(subject))
	}
	m := read("To: "+strings.Repeat("a@example.org,\r\n ", dissect.MaxRecipients+9)+"b@example.org\r\n\r\n", 1000)
	if len(m.To) < 200 || len(m.To)+m.ToDropped != dissect.MaxRecipients+10 {
		t.Errorf("%d recipients, %d dropped", len(m.To), m.ToDropped)
	}
	m = read("To: "+strings.Repeat("a,", dissect.MaxRecipients+9)+"b\r\n\r\n", 1000)
	if len(m.To) != dissect.MaxRecipients || m.ToDropped != 10 {
		t.Errorf("%d recipients, %d dropped", len(m.To), m.ToDropped)
	}
	for _, cut := range []int{1000, 1 << 20} {
		filler := strings.Repeat("X-Filler: "+strings.Repeat("x", 900)+"\r\n", 1200)
		if m := read("Subject: early\r\n"+filler+"From: late@example.org\r\n\r\n", cut); m.Subject != "early" || m.HasFrom {
			t.Errorf("cut %d: subject %q, from %q", cut, m.Subject, m.From)
		}
		if m := read("Subject: "+strings.Repeat("x", message.MaxHeader)+"\r\n\r\n", cut); m.HasSubject {
			t.Errorf("cut %d: a line over the bound counts", cut)
		}
		if m := read("\r\n"+strings.Repeat("\r\n", 5000)+"-----BEGIN PGP MESSAGE-----\r\n", cut); m.Protection != dissect.Unprotected {
			t.Errorf("cut %d: looked beyond the bound", cut)
		}
		if m := read("Content-Type: application/pkcs7-mime\r\n\r\n"+strings.Repeat("\r\n", 5000)+"MIAGCSqGSIb3DQEHA6CA\r\n", cut); m.Protection != dissect.Unprotected {
			t.Errorf("cut %d: looked beyond the bound for CMS", cut)
		}
	}
}

// What an open message costs has a bound, whatever its header says.
func TestMemory(t *testing.T) {
	long := strings.Repeat("x, ", 100_000)
	header := []byte("Subject: " + long + "\r\nFrom: " + long + "\r\nX-Other: " + long + "\r\nTo: " + long + "\r\n " + long +
		"\r\nContent-Type: application/pkcs7-mime; " + long)
	open := make([]message.Reader, 500)
	before := heap()
	for i := range open {
		for rest := header; len(rest) > 0; rest = rest[min(len(rest), 1448):] {
			open[i].Write(rest[:min(len(rest), 1448)])
		}
	}
	each := (heap() - before) / uint64(len(open))
	t.Logf("%d bytes a message", each)
	if each < message.MaxKept/2 || each > 2*message.MaxKept { // growing by steps may waste some
		t.Errorf("%d bytes a message, want about %d", each, message.MaxKept)
	}
	runtime.KeepAlive(open)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A cut value tells only what is whole in it.
func TestCutValues(t *testing.T) {
	name := strings.Repeat("n", 2000)
	for _, cut := range []int{1, 7, 100_000} {
		m := read("From: "+name+" <joe@example.org>\r\nTo: "+strings.Repeat("a", 9000)+"\r\n\r\n", cut)
		want := &dissect.Message{HasFrom: true, ToDropped: 1}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("cut %d: one piece (-want +got):\n%s", cut, diff)
		}
		m = read("From: joe@example.org, "+name+"\r\nTo: a@b,\r\n "+strings.Repeat("a", 8190)+",c@d,\r\n e@f\r\n\r\n", cut)
		want = &dissect.Message{From: "joe@example.org", HasFrom: true, To: []string{"a@b"}, ToDropped: 3}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("cut %d: several (-want +got):\n%s", cut, diff)
		}
	}
}

func TestProtection(t *testing.T) {
	const (
		enveloped = "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80"
		signed    = "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80"
		authEnv   = "\x30\x82\x0a\x0a\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17\xa0\x82"
		armour    = "-----BEGIN PGP MESSAGE-----\n\nabc\n"
	)
	b64 := func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(s + strings.Repeat("\x00", 200)))
	}
	tests := []struct {
		name, contentType, body string
		want                    dissect.Protection
	}{
		{"none", "", "hello\n", dissect.Unprotected},
		{"enveloped", "application/pkcs7-mime; smime-type=enveloped-data;\n name=smime.p7m", "", dissect.SMIME},
		{"auth enveloped", "APPLICATION/X-PKCS7-MIME; SMIME-TYPE=\"authEnveloped-data\"", "", dissect.SMIME},
		{"signed", "application/pkcs7-mime; smime-type=signed-data", b64(enveloped), dissect.Unprotected},
		{"compressed", "application/pkcs7-mime; smime-type=compressed-data", b64(enveloped), dissect.Unprotected},
		{"untyped enveloped", "application/pkcs7-mime; name=smime.p7m", "\n" + b64(enveloped), dissect.SMIME},
		{"untyped, cut lines", "application/pkcs7-mime", b64(enveloped)[:7] + "\n" + b64(enveloped)[7:], dissect.SMIME},
		{"untyped, short", "application/pkcs7-mime", "MIAGCSqGSIb3DQEHA6CA", dissect.SMIME},
		{"untyped auth enveloped", "application/octet-stream; name=\"SMIME.P7M\"", b64(authEnv), dissect.SMIME},
		{"untyped signed", "application/pkcs7-mime", b64(signed), dissect.Unprotected},
		{"untyped binary", "application/pkcs7-mime", enveloped + strings.Repeat("\n", 300), dissect.SMIME},
		{"untyped, no body", "application/pkcs7-mime", "", dissect.Unprotected},
		{"untyped, not CMS", "application/pkcs7-mime", "hello", dissect.Unprotected},
		{"other octets", "application/octet-stream; name=a.bin", b64(enveloped), dissect.Unprotected},
		{"PGP/MIME", "multipart/encrypted; boundary=b;\n\tprotocol=\"application/pgp-encrypted\"", "", dissect.PGP},
		{"encrypted otherwise", "multipart/encrypted; boundary=b; protocol=\"application/own\"", "", dissect.Unprotected},
		{"signed multipart", "multipart/signed; boundary=b; protocol=\"application/pgp-signature\"", armour, dissect.Unprotected},
		{"inline", "text/plain; charset=utf-8", "\n \n" + armour, dissect.PGP},
		{"inline without type", "", armour, dissect.PGP},
		{"inline, quoted later", "", "On Monday you wrote:\n" + armour, dissect.Unprotected},
		{"inline, quoted with mark", "", "> " + armour, dissect.Unprotected},
		{"inline signed", "", "-----BEGIN PGP SIGNED MESSAGE-----\n", dissect.Unprotected},
		{"in a multipart", "multipart/mixed; boundary=b", armour, dissect.Unprotected},
		{"inline, with a comment", "text/plain (of the body)", armour, dissect.PGP},
		{"named in parts", "application/octet-stream; name*0=\"the; \"; name*1*=utf-8''mail.P7M", b64(authEnv), dissect.SMIME},
		{"quoted semicolon", "multipart/encrypted; boundary=\"a;protocol=x\\\"\"; Protocol = APPLICATION/PGP-ENCRYPTED", "", dissect.PGP},
		{"two types", "application/pkcs7-mime; smime-type=signed-data; smime-type=enveloped-data", "", dissect.Unprotected},
		{"broken parameters", "application/pkcs7-mime; name=a b; smime-type=enveloped-data", b64(enveloped), dissect.SMIME},
	}
	for _, tt := range tests {
		head := ""
		if tt.contentType != "" {
			head = crlf("Content-Type: " + tt.contentType + "\n")
		}
		for _, cut := range []int{1, 1000} {
			got := read(head+"\r\n"+crlf(tt.body), cut)
			if got.Protection != tt.want {
				t.Errorf("%s, cut every %d: got %v, want %v", tt.name, cut, got.Protection, tt.want)
			}
		}
	}
}

// Once all is decided the caller may skip the body, and a body given all the
// same costs nothing.
func TestWants(t *testing.T) {
	for header, want := range map[string]bool{
		"Subject: x\r\n":                  true,
		"Subject: x\r\n\r\n":              true, // a PGP message may follow
		"Subject: x\r\n\r\n\r\nhello\r\n": false,
		"Content-Type: text/html\r\n\r\n": false,
		"no header\r\n":                   false,
	} {
		var r message.Reader
		r.Write([]byte(header))
		if r.Wants() != want {
			t.Errorf("%q: Wants is %v", header, r.Wants())
		}
	}
	var body, header message.Reader
	body.Write([]byte("Subject: x\r\n\r\nhello\r\n"))
	line := []byte("X-Line: of mail\r\n")
	if n := testing.AllocsPerRun(100, func() { body.Write(line); header.Write(line) }); n != 0 {
		t.Errorf("a line costs %v allocations", n)
	}
}

// FuzzReader holds any cut to the same result, and text to be valid and
// bounded.
func FuzzReader(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\nFrom: a <b@example.org>\r\n\r\nbody"), 3)
	f.Add([]byte("Content-Type: application/pkcs7-mime\nTo: a,b\n\nMIAGCSqGSIb3DQEHA6CA\n"), 1)
	f.Add([]byte("\n\n-----BEGIN PGP MESSAGE-----\n"), 2)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		whole := read(string(text), len(text)+1)
		cut = 1 + (cut&0xffff)%(len(text)+1)
		if diff := cmp.Diff(whole, read(string(text), cut)); diff != "" {
			t.Errorf("cut every %d (-whole +cut):\n%s", cut, diff)
		}
		for _, s := range append(whole.To, whole.From, whole.Subject) {
			if len(s) > dissect.MaxText || strings.ToValidUTF8(s, "") != s {
				t.Errorf("%d bytes: %q", len(s), s)
			}
		}
	})
}

func longHeader() []byte {
	var header strings.Builder
	for i := range 20 {
		fmt.Fprintf(&header, "Received: from a%d.example.org by b.example.org with ESMTP;\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n", i)
	}
	header.WriteString("From: Joe <joe@example.org>\r\nTo: ann@example.org\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nContent-Type: text/html\r\n\r\n")
	return []byte(header.String())
}

func BenchmarkReader(b *testing.B) {
	text := longHeader()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var r message.Reader
		r.Write(text)
		var m dissect.Message
		r.Fill(&m, true)
	}
}

// BenchmarkMessage: a header and a body of 64 KiB, as segments come.
func BenchmarkMessage(b *testing.B) {
	text := append(longHeader(), strings.Repeat("a line of mail of a length that is common, about seventy bytes, no more\r\n", 900)...)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var r message.Reader
		for rest := text; len(rest) > 0; rest = rest[min(len(rest), 1448):] {
			r.Write(rest[:min(len(rest), 1448)])
		}
	}
}

// BenchmarkHeader: fields that are skipped.
func BenchmarkHeader(b *testing.B) {
	fields := []byte(strings.Repeat("X-Spam-Report: a line of mail of a length that is common, about seventy bytes\r\n\tand its fold\r\n", 100))
	b.SetBytes(int64(len(fields)))
	b.ReportAllocs()
	for b.Loop() {
		var r message.Reader
		r.Write(fields)
	}
}
