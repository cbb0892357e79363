package sasl_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/sasl"
)

// result is what an exchange came to, with the secret in the open.
type result struct {
	Mechanism, Account string
	HasAccount         bool
	Secret             string // "-": none was seen
	Detail             []dissect.Pair
	Hide               []bool // of each line of the client
}

// feed plays lines: "C text" and "S text" as they stood, "I text" an initial
// response, "c text", "s text" and "i text" the same to be encoded. It returns
// which lines of the client are hidden.
func feed(x *sasl.Exchange, lines []string) (hide []bool) {
	for _, l := range lines {
		text := []byte(l[2:])
		if l[0] >= 'a' {
			text = []byte(base64.StdEncoding.EncodeToString(text))
		}
		switch l[0] {
		case 'S', 's':
			x.Challenge(text)
		default:
			hide = append(hide, x.Client(text, l[0] == 'I' || l[0] == 'i'))
		}
	}
	return hide
}

func exchange(mechanism string, lines ...string) result {
	x := sasl.Begin([]byte(mechanism))
	hide := feed(x, lines)
	secret := "-"
	if x.Attempt.Secret.Present() {
		secret = x.Attempt.Secret.Reveal()
	}
	a := x.Attempt
	return result{a.Mechanism, a.Account, a.HasAccount, secret, a.Detail, hide}
}

func pairs(kv ...string) []dissect.Pair {
	var list []dissect.Pair
	for i := 0; i < len(kv); i += 2 {
		list = append(list, dissect.Pair{Key: kv[i], Value: kv[i+1]})
	}
	return list
}

var (
	yes = []bool{true}
	no  = []bool{false}
)

func TestPasswords(t *testing.T) {
	raw := pairs("encoding", "raw")
	malformed := pairs("message", "malformed")
	tests := []struct {
		name, mechanism string
		lines           []string
		want            result
	}{
		{"plain", "plain", []string{"i \x00joe\x00se cret"}, result{"PLAIN", "joe", true, "se cret", nil, yes}},
		{"plain as continuation", "PLAIN", []string{"S ", "c \x00joe\x00pw"}, result{"PLAIN", "joe", true, "pw", nil, yes}},
		{"plain after empty", "PLAIN", []string{"I =", "c \x00joe\x00pw"}, result{"PLAIN", "joe", true, "pw", nil, []bool{false, true}}},
		{"plain twice the name", "PLAIN", []string{"i joe\x00joe\x00pw"}, result{"PLAIN", "joe", true, "pw", nil, yes}},
		{"plain authzid", "PLAIN", []string{"i shared\x00joe\x00pw"}, result{"PLAIN", "joe", true, "pw", pairs("authzid", "shared"), yes}},
		{"plain master user", "PLAIN", []string{"i \x00joe*master\x00pw"}, result{"PLAIN", "joe*master", true, "pw", nil, yes}},
		{"plain no authcid", "PLAIN", []string{"i joe\x00\x00pw"}, result{"PLAIN", "joe", true, "pw", nil, yes}},
		{"plain empty password", "PLAIN", []string{"i \x00joe\x00"}, result{"PLAIN", "joe", true, "", nil, yes}},
		{"plain three NULs", "PLAIN", []string{"i \x00joe\x00p\x00w"}, result{"PLAIN", "", false, "\x00joe\x00p\x00w", malformed, yes}},
		{"plain one NUL", "PLAIN", []string{"i joe\x00pw"}, result{"PLAIN", "", false, "joe\x00pw", malformed, yes}},
		{"plain raw", "PLAIN", []string{"C joe hunter2!"}, result{"PLAIN", "", false, "joe hunter2!", raw, yes}},
		{"plain nothing sent", "PLAIN", []string{"S "}, result{"PLAIN", "", false, "-", nil, nil}},
		{"plain Latin-1", "PLAIN", []string{"i \x00j\xf6rg\x00pw"}, result{"PLAIN", "jörg", true, "pw", nil, yes}},

		{"login", "LOGIN", []string{"S VXNlcm5hbWU6", "c joe", "S UGFzc3dvcmQ6", "c pw"}, result{"LOGIN", "joe", true, "pw", nil, []bool{false, true}}},
		{"login initial, no padding", "login", []string{"I dGVzdA", "S UGFzc3dvcmQ6", "c pw"}, result{"LOGIN", "test", true, "pw", nil, []bool{false, true}}},
		{"login trailing spaces", "LOGIN", []string{"C dGVzdA==  \t", "C cHc= "}, result{"LOGIN", "test", true, "pw", nil, []bool{false, true}}},
		{"login no prompts", "LOGIN", []string{"c quit", "c data"}, result{"LOGIN", "quit", true, "data", nil, []bool{false, true}}},
		{"login asked twice", "LOGIN", []string{"S VXNlcm5hbWU6", "S VXNlcm5hbWU6", "c joe", "c pw"}, result{"LOGIN", "joe", true, "pw", nil, []bool{false, true}}},
		{"login empty initial", "LOGIN", []string{"I =", "c joe", "c pw"}, result{"LOGIN", "joe", true, "pw", nil, []bool{false, false, true}}},
		{"login empty name", "LOGIN", []string{"C ", "c pw"}, result{"LOGIN", "", true, "pw", nil, []bool{false, true}}},
		{"login empty password", "LOGIN", []string{"c joe", "C "}, result{"LOGIN", "joe", true, "", nil, []bool{false, true}}},
		{"login newline in name", "LOGIN", []string{"c joe\n", "c pw\n"}, result{"LOGIN", "joe", true, "pw\n", nil, []bool{false, true}}},
		{"login raw", "LOGIN", []string{"C joe@example.org", "C pass word"}, result{"LOGIN", "joe@example.org", true, "pass word", raw, []bool{true, true}}},
		{"login raw that decodes", "LOGIN", []string{"C AAEC", "c pw"}, result{"LOGIN", "AAEC", true, "pw", raw, []bool{true, true}}},
		{"login raw, that decodes to control characters", "LOGIN", []string{"C joe", "C secret"}, result{"LOGIN", "joe", true, "secret", raw, []bool{true, true}}},
		{"login in ISO 8859-1", "LOGIN", []string{"c j\xf6e", "c p\xe4ss"}, result{"LOGIN", "jöe", true, "p\xe4ss", nil, []bool{false, true}}},
		{"login with both at once", "LOGIN", []string{"I am9l c2VjcmV0"}, result{"LOGIN", "joe", true, "secret", nil, []bool{true}}},
		{"login with both at once, raw", "LOGIN", []string{"I joe@example.org  pass word"}, result{"LOGIN", "joe@example.org", true, "pass word", raw, []bool{true}}},
		{"login a third line", "LOGIN", []string{"c joe", "c pw", "c more"}, result{"LOGIN", "joe", true, "pw", nil, []bool{false, true, true}}},

		{"xoauth2", "xoauth2", []string{"i user=joe@example.org\x01auth=Bearer t0k.en\x01\x01"}, result{"XOAUTH2", "joe@example.org", true, "t0k.en", nil, yes}},
		{"xoauth2 after the error", "XOAUTH2", []string{"i user=joe\x01auth=bearer t\x01\x01", `s {"status":"401","schemes":"bearer"}`, "C "},
			result{"XOAUTH2", "joe", true, "t", pairs("error", "401"), []bool{true, false}}},
		{"oauthbearer", "OAUTHBEARER", []string{"i n,a=j=2Coe,\x01host=x\x01port=143\x01auth=Bearer tok\x01\x01"}, result{"OAUTHBEARER", "j,oe", true, "tok", nil, yes}},
		{"oauthbearer after the error", "OAUTHBEARER", []string{"i n,a=joe,\x01auth=Bearer tok\x01\x01", `s {"status":"invalid_token","scope":"mail"}`, "C AQ=="},
			result{"OAUTHBEARER", "joe", true, "tok", pairs("error", "invalid_token"), []bool{true, false}}},
		{"oauthbearer error no object", "OAUTHBEARER", []string{"i n,,\x01auth=Bearer tok\x01\x01", `s [1`, "C AQ=="},
			result{"OAUTHBEARER", "", false, "tok", nil, []bool{true, false}}},
		{"oauthbearer no name", "OAUTHBEARER", []string{"i n,,\x01auth=Bearer tok\x01\x01"}, result{"OAUTHBEARER", "", false, "tok", nil, yes}},
		{"oauthbearer no token", "OAUTHBEARER", []string{"i n,,\x01host=x\x01\x01"}, result{"OAUTHBEARER", "", false, "-", nil, yes}},
		{"oauthbearer a token alone", "OAUTHBEARER", []string{"i eyJhbGciOiJub25lIn0.e30."}, result{"OAUTHBEARER", "", false, "eyJhbGciOiJub25lIn0.e30.", nil, yes}},
		{"xoauth2 left", "XOAUTH2", []string{"C QUIT"}, result{"XOAUTH2", "", false, "-", nil, yes}},
		{"xoauth2 left, no BASE64", "XOAUTH2", []string{"C 3 LOGOUT"}, result{"XOAUTH2", "", false, "-", pairs("encoding", "raw"), yes}},
		{"xoauth2 raw", "XOAUTH2", []string{"C user=joe\x01auth=Bearer tok\x01\x01"}, result{"XOAUTH2", "joe", true, "tok", pairs("encoding", "raw"), yes}},

		{"external", "EXTERNAL", []string{"i joe"}, result{"EXTERNAL", "joe", true, "-", nil, no}},
		{"external empty", "EXTERNAL", []string{"I ="}, result{"EXTERNAL", "", false, "-", nil, no}},
		{"anonymous", "ANONYMOUS", []string{"i sirhc"}, result{"ANONYMOUS", "sirhc", true, "-", nil, no}},
		{"anonymous binary", "ANONYMOUS", []string{"i \x00\x01"}, result{"ANONYMOUS", "", false, "\x00\x01", nil, yes}},

		{"otp", "otp", []string{"i \x00joe", "s otp-md5 499 ke1234 ext", "c word:GOD BLESS"}, result{"OTP", "joe", true, "word:GOD BLESS", nil, []bool{false, true}}},
		{"otp for somebody", "OTP", []string{"i boss\x00joe"}, result{"OTP", "joe", true, "-", pairs("authzid", "boss"), no}},
		{"otp authzid alone", "OTP", []string{"i joe\x00"}, result{"OTP", "joe", true, "-", nil, no}},
		{"skey", "SKEY", []string{"c joe", "s 97 seed", "c \x01\x02\x03"}, result{"SKEY", "joe", true, "\x01\x02\x03", nil, []bool{false, true}}},

		{"unknown, and the server goes on", "x-own_1", []string{"s more", "c first", "c second"}, result{"X-OWN_1", "", false, "first", nil, []bool{true, true}}},
		{"unknown, with an initial response", "x-own_1", []string{"i first", "s more", "c second"}, result{"X-OWN_1", "", false, "first", nil, []bool{true, true}}},
		{"unknown, and the server does not", "hunter2", []string{"i first"}, result{"unknown", "", false, "first", nil, yes}},
		{"no name, though the server goes on", "pass.word", []string{"s more", "c first"}, result{"unknown", "", false, "first", nil, yes}},
		{"too long a name, though the server goes on", "correct-horse-battery", []string{"s more", "c first"}, result{"unknown", "", false, "first", nil, yes}},
		{"a registered name of more letters", "ECDSA-NIST256P-CHALLENGE", nil, result{"ECDSA-NIST256P-CHALLENGE", "", false, "-", nil, nil}},
		{"of a family", "gs2-krb5-plus", nil, result{"GS2-KRB5-PLUS", "", false, "-", nil, nil}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, exchange(tt.mechanism, tt.lines...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestChallenges(t *testing.T) {
	tests := []struct {
		name, mechanism string
		lines           []string
		want            result
	}{
		{"cram-md5", "CRAM-MD5", []string{"s <1@example.org>", "c joe b913a602"}, result{"CRAM-MD5", "joe", true, "b913a602", nil, yes}},
		{"cram-md5 name with space", "CRAM-MD5", []string{"c joe user b913a602"}, result{"CRAM-MD5", "joe user", true, "b913a602", nil, yes}},
		{"cram-md5 before the challenge", "CRAM-MD5", []string{"I x", "s <1@example.org>", "c joe b913a602"}, result{"CRAM-MD5", "joe", true, "b913a602", nil, []bool{true, true}}},
		{"cram-md5 one word", "CRAM-MD5", []string{"c joe"}, result{"CRAM-MD5", "", false, "joe", nil, yes}},

		{"digest-md5", "DIGEST-MD5", []string{
			`s realm="example.org",nonce="n",qop="auth",algorithm=md5-sess`,
			`c charset=utf-8,username="j\"o,e",realm="example.org",nonce="n",nc=00000001,qop=auth,cipher=rc4,response=d388, authzid="boss"`,
			"C "},
			result{"DIGEST-MD5", `j"o,e`, true, "d388", pairs("realm", "example.org", "qop", "auth", "cipher", "rc4", "authzid", "boss"), []bool{true, false}}},
		{"digest-md5 not quoted", "DIGEST-MD5", []string{"c username=joe , response=d388"}, result{"DIGEST-MD5", "joe", true, "d388", nil, yes}},
		{"digest-md5 for itself", "DIGEST-MD5", []string{`c authzid="joe",username="joe",realm="x",response=d388`},
			result{"DIGEST-MD5", "joe", true, "d388", pairs("realm", "x"), yes}},
		{"digest-md5 domain not escaped", "DIGEST-MD5", []string{`c username="CORP\joe",realm="x",response=d388`},
			result{"DIGEST-MD5", `CORP\joe`, true, "d388", pairs("realm", "x"), yes}},
		{"digest-md5 domain escaped", "DIGEST-MD5", []string{`c username="CORP\\joe",realm="x",response=d388`},
			result{"DIGEST-MD5", `CORP\joe`, true, "d388", pairs("realm", "x"), yes}},
		{"digest-md5 quote not escaped", "DIGEST-MD5", []string{`c username="jo"e" , realm="x",response=d388`},
			result{"DIGEST-MD5", `jo"e`, true, "d388", pairs("realm", "x"), yes}},
		{"digest-md5 cut", "DIGEST-MD5", []string{`c username="joe\`}, result{"DIGEST-MD5", "joe", true, `username="joe\`, nil, yes}},

		{"scram", "scram-sha-256", []string{"i n,,n=us=3Der=2C,r=abc", "s r=abcdef,s=c2FsdA==,i=4096", "c c=biws,r=abcdef,p=cHJvb2Y="},
			result{"SCRAM-SHA-256", "us=er,", true, "cHJvb2Y=", pairs("iterations", "4096"), []bool{false, true}}},
		{"scram believes no binding", "SCRAM-SHA-1", []string{"i y,,n=joe,r=abc"}, result{"SCRAM-SHA-1", "joe", true, "-", pairs("channel-binding", "y"), no}},
		{"scram bound", "SCRAM-SHA-1-PLUS", []string{"i p=tls-unique,a=boss,n=joe,r=abc"},
			result{"SCRAM-SHA-1-PLUS", "joe", true, "-", pairs("channel-binding", "p=tls-unique", "authzid", "boss"), no}},
		{"scram for itself", "SCRAM-SHA-1", []string{"i n,a=joe,n=joe,r=abc", "s r=abcd,s=c2FsdA==,i=4096"},
			result{"SCRAM-SHA-1", "joe", true, "-", pairs("iterations", "4096"), no}},
		{"scram begins strangely", "SCRAM-SHA-1", []string{"i what is this"}, result{"SCRAM-SHA-1", "", false, "what is this", nil, yes}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, exchange(tt.mechanism, tt.lines...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestIsCancel(t *testing.T) {
	for text, want := range map[string]bool{"*": true, "": false, "* ": false, "*a": false, "Kg==": false} {
		if got := sasl.IsCancel([]byte(text)); got != want {
			t.Errorf("IsCancel(%q) = %v", text, got)
		}
	}
}

// Whatever is sent, what is kept of it has a bound.
func TestBounds(t *testing.T) {
	name := strings.Repeat("é", dissect.MaxText)
	for _, tt := range []struct{ mechanism, line string }{
		{"PLAIN", "i " + name + "\x00" + name + "x\x00pw"},
		{"LOGIN", "i " + name},
		{"EXTERNAL", "i " + name},
		{"XOAUTH2", "i user=" + name + "\x01auth=Bearer x\x01\x01"},
		{"DIGEST-MD5", "c username=\"" + name + "\",realm=" + name + ",response=0"},
		{"SCRAM-SHA-1", "i y,a=" + name + ",n=" + name},
		{"NTLM", "c " + string(authenticate(name, name, name, make([]byte, 24), make([]byte, 24), true))},
	} {
		got := exchange(tt.mechanism, tt.line)
		if !got.HasAccount || len(got.Account) == 0 || len(got.Account) > dissect.MaxText {
			t.Errorf("%s: account of %d bytes", tt.mechanism, len(got.Account))
		}
		for _, p := range got.Detail {
			if len(p.Value) > dissect.MaxText {
				t.Errorf("%s: %s of %d bytes", tt.mechanism, p.Key, len(p.Value))
			}
		}
	}

	long := exchange("SRP", "c "+strings.Repeat("x", 2*sasl.MaxMessage))
	if len(long.Secret) != sasl.MaxMessage {
		t.Errorf("a message of %d bytes is kept", len(long.Secret))
	}
	if got := exchange("SCRAM-" + strings.Repeat("m", 1000)).Mechanism; len(got) != sasl.MaxName {
		t.Errorf("a name of %d bytes is kept", len(got))
	}
}

func TestEnd(t *testing.T) {
	x := sasl.Begin([]byte("PLAIN"))
	x.End(dissect.Cancelled)
	if x.Attempt.Outcome != dissect.Cancelled {
		t.Errorf("outcome is %v", x.Attempt.Outcome)
	}
}

// FuzzExchange holds every mechanism to its promises: no panic, bounded and
// valid text, and a line that gave the secret is hidden.
func FuzzExchange(f *testing.F) {
	for _, m := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "NTLM", "GSSAPI", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "OTP"} {
		f.Add(m, []byte("\x00joe\x00pw"), []byte("r=1,i=4096"), []byte("n,a=b,auth=Bearer x\x01"), false)
	}
	f.Add("DIGEST-MD5", []byte(`username="a\`), []byte{}, []byte("dGVzdA"), true)
	f.Fuzz(func(t *testing.T, mechanism string, first, challenge, second []byte, raw bool) {
		encode := func(b []byte) []byte {
			if raw {
				return b
			}
			return []byte(base64.StdEncoding.EncodeToString(b))
		}
		x := sasl.Begin([]byte(mechanism))
		for i, message := range [][]byte{first, second} {
			before := x.Attempt.Secret
			hide := x.Client(encode(message), i == 0)
			if x.Attempt.Secret != before && !hide {
				t.Errorf("%s: %q gave a secret and is shown", x.Attempt.Mechanism, message)
			}
			x.Challenge(encode(challenge))
		}
		a := x.Attempt
		if len(a.Mechanism) > sasl.MaxName || len(a.Account) > dissect.MaxText || len(a.Detail) > dissect.MaxDetail {
			t.Errorf("over a bound: %d, %d, %d", len(a.Mechanism), len(a.Account), len(a.Detail))
		}
		if got := fmt.Sprintf("%s%s%v", a.Mechanism, a.Account, a.Detail); strings.ToValidUTF8(got, "") != got {
			t.Errorf("not UTF-8: %q", got)
		}
	})
}

// A name that is known is not copied.
func TestBeginAllocates(t *testing.T) {
	for _, name := range []string{"plain", "LOGIN", "Gss-Spnego"} {
		mechanism := []byte(name)
		if n := testing.AllocsPerRun(100, func() { sasl.Begin(mechanism) }); n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	line := []byte("AGpvZUBleGFtcGxlLm9yZwBjb3JyZWN0IGhvcnNlIGJhdHRlcnk=")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		sasl.Begin([]byte("PLAIN")).Client(line, true)
	}
}
