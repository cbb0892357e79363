package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
	"github.com/mailtap/mailtap/dissect"
)

// same compares what was encoded with what came back.
var same = cmp.Options{
	cmpopts.IgnoreUnexported(dissect.Facts{}), // its list is being read; empty in a session that has ended
	cmp.Comparer(func(a, b dissect.Secret) bool { return a == b }),
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
}

const start = 1_700_000_000_123_456_789

// filled sets every field below v that a record keeps to something of its own,
// so that one which is forgotten shows. Lists get two elements.
func filled(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Array:
		for i := range v.Len() {
			filled(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		filled(v.Index(0), n)
		filled(v.Index(1), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem(), n)
	case reflect.Struct:
		switch v.Interface().(type) {
		case dissect.Secret:
		case netip.AddrPort:
			v.Set(reflect.ValueOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(*n)}), uint16(*n))))
		default:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Dialogue" {
					filled(v.Field(i), n)
				}
			}
		}
	default:
		panic("a kind of field that the test does not know: " + v.Type().String())
	}
}

// everything is a session with every field set.
func everything() alerts.Result {
	var r alerts.Result
	filled(reflect.ValueOf(&r).Elem(), new(int))
	return r
}

// login is a short session as most are.
func login() alerts.Result {
	quote := func(side dissect.Side, packet uint64, text string) dissect.Quote {
		return dissect.Quote{Side: side, Stamp: dissect.Stamp{Time: start + int64(packet)*1e6, Packet: packet}, Text: text}
	}
	f := &dissect.Facts{
		Protocol: dissect.SMTP,
		Client:   netip.MustParseAddrPort("10.0.0.5:40122"), Server: netip.MustParseAddrPort("[2001:db8::9]:25"),
		VLAN: []uint16{12}, Start: start, End: start + 3e9, Files: []string{"a.pcap"}, Packets: 42, Bytes: [2]uint64{913, 1204},
		Flags: dissect.Midstream, Banner: "mx1.example ESMTP", Hello: "pc7", HasHello: true,
		Offer: dissect.Offer{Complete: true, Mechanisms: []string{"PLAIN", "LOGIN"}, Quote: quote(dissect.Server, 7, "250-AUTH PLAIN LOGIN")},
		Auth: []*dissect.Attempt{{
			Mechanism: "LOGIN", Account: "joe", HasAccount: true, Outcome: dissect.Accepted, Fingerprint: "a1b2c3", SecretSize: 8,
			Quotes: []dissect.Quote{quote(dissect.Client, 17, "AUTH LOGIN am9l"), quote(dissect.Client, 19, "********")},
		}},
		Transcript: []dissect.Quote{
			quote(dissect.Server, 7, "250-AUTH PLAIN LOGIN"), quote(dissect.Server, 7, "250 SMTPUTF8"),
			quote(dissect.Client, 17, "AUTH LOGIN am9l"), quote(dissect.Server, 18, "334 UGFzc3dvcmQ6"),
			quote(dissect.Client, 19, "********"), quote(dissect.Server, 20, "235 ok"),
		},
	}
	s := alerts.Session{Facts: f, Verdict: alerts.Exposed}
	s.ID = alerts.NewSessionID(f)
	r := alerts.Result{Session: s}
	for _, rule := range []string{"base64-password", "starttls-not-offered", "auth-offered-in-clear"} {
		r.Findings = append(r.Findings, alerts.Finding{
			ID: alerts.NewFindingID(s.ID, rule, "joe"), Rule: rule, Severity: alerts.Critical, Session: s.ID, Time: start + 17e6, Protocol: f.Protocol,
			Client: f.Client, Server: f.Server, Account: "joe", HasAccount: true, Why: "AUTH LOGIN without TLS",
			Detail: []dissect.Pair{{Key: "mechanism", Value: "LOGIN"}},
			Evidence: []alerts.Evidence{
				{Session: s.ID, File: "a.pcap", Packet: 17, Time: start + 17e6, From: dissect.Client, Text: "AUTH LOGIN am9l"},
				{Session: s.ID, File: "a.pcap", Packet: 19, Time: start + 19e6, From: dissect.Client, Text: "********"},
			},
		})
	}
	return r
}

func encode(t testing.TB, r alerts.Result) []byte {
	t.Helper()
	var e record.Encoder
	b, err := e.Encode(&r.Session, r.Findings)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withoutCase blanks what a finding shares with its case.
func withoutCase(findings []alerts.Finding) []alerts.Finding {
	var list []alerts.Finding
	for _, f := range findings {
		f.Case, f.Title, f.Blame = alerts.CaseID{}, "", 0
		list = append(list, f)
	}
	return list
}

func TestRoundTrip(t *testing.T) {
	empty := alerts.Result{Session: alerts.Session{Facts: &dissect.Facts{}}}
	// The finding of one session may rest on another.
	other := login()
	other.Findings[1].Evidence[0].Session = alerts.SessionID{1, 2, 3}
	other.Findings[1].Evidence[0].File = "earlier.pcap"
	other.Findings[2].Client = netip.MustParseAddrPort("192.0.2.1:1")
	for _, tt := range []struct {
		name string
		r    alerts.Result
	}{{"login", login()}, {"everything", everything()}, {"empty", empty}, {"evidence-elsewhere", other}} {
		t.Run(tt.name, func(t *testing.T) {
			s, findings, err := record.Decode(encode(t, tt.r))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.r.Session, s, same); diff != "" {
				t.Errorf("session (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(withoutCase(tt.r.Findings), findings, same); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCutShort(t *testing.T) {
	whole := encode(t, everything())
	for n := range whole {
		var bad *record.DecodeError
		if _, _, err := record.Decode(whole[:n]); !errors.As(err, &bad) {
			t.Fatalf("the first %d of %d bytes: %v, want a DecodeError", n, len(whole), err)
		}
	}
	if _, _, err := record.Decode(append(bytes.Clone(whole), 0)); err == nil {
		t.Error("a byte too many was accepted")
	}
}

// Many texts, in many records of one Encoder, come back as they were.
func TestManyTexts(t *testing.T) {
	var e record.Encoder
	for round := range 5 {
		r := login()
		for i := range dissect.MaxMessages {
			m := &dissect.Message{Subject: fmt.Sprint("subject ", i*round)}
			for k := range 10 {
				m.To = append(m.To, fmt.Sprint(i*k, "@x.example"))
			}
			r.Session.Facts.Messages = append(r.Session.Facts.Messages, m)
		}
		b, err := e.Encode(&r.Session, r.Findings)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := record.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Session, s, same); diff != "" {
			t.Errorf("round %d (-want +got):\n%s", round, diff)
		}
	}
}

func TestSecretIsRefused(t *testing.T) {
	r := login()
	r.Session.Facts.Auth[0].Secret = dissect.NewSecret([]byte("hunter2"))
	refused(t, r)
	r = login()
	r.Session.Facts.Signs = &dissect.Signs{URLs: []dissect.Token{{}, {Secret: dissect.NewSecret([]byte("hunter2"))}}}
	refused(t, r)
}

func refused(t *testing.T, r alerts.Result) {
	t.Helper()
	var e record.Encoder
	b, err := e.Encode(&r.Session, r.Findings)
	if !errors.Is(err, record.ErrNotRedacted) || b != nil {
		t.Errorf("got %d bytes and %v, want none and ErrNotRedacted", len(b), err)
	}
}

func TestTooBigDropsMessagesFirst(t *testing.T) {
	r := login()
	for i := range dissect.MaxMessages {
		m := &dissect.Message{}
		for k := range 10 {
			m.To = append(m.To, fmt.Sprintf("%d.%d.%s", i, k, strings.Repeat("x", 200)))
		}
		r.Session.Facts.Messages = append(r.Session.Facts.Messages, m)
	}
	b := encode(t, r)
	if len(b) > record.MaxSize {
		t.Fatalf("%d bytes, want at most %d", len(b), record.MaxSize)
	}
	s, findings, err := record.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	kept := len(s.Facts.Messages)
	if kept == 0 || kept+int(s.Facts.Dropped) != dissect.MaxMessages || len(s.Facts.Auth) != 1 || len(findings) != 3 {
		t.Errorf("kept %d messages, dropped %d, %d attempts, %d findings", kept, s.Facts.Dropped, len(s.Facts.Auth), len(findings))
	}
	if len(r.Session.Facts.Messages) != dissect.MaxMessages || r.Session.Facts.Dropped != 0 {
		t.Error("the caller's Facts were changed")
	}
}

func TestTooManyFindingsFail(t *testing.T) {
	r := login()
	for i := range 5000 {
		f := r.Findings[0]
		f.Why = fmt.Sprint(i, strings.Repeat("y", 300))
		r.Findings = append(r.Findings, f)
	}
	var e record.Encoder
	if _, err := e.Encode(&r.Session, r.Findings); err == nil {
		t.Error("want an error")
	}
}

// FuzzDecode: what decodes says the same when it is encoded and decoded again,
// and every enumeration in it can be printed.
func FuzzDecode(f *testing.F) {
	f.Add(bytes.Clone(encode(f, login())))
	f.Add(bytes.Clone(encode(f, everything())))
	f.Add(bytes.Clone(encode(f, alerts.Result{Session: alerts.Session{Facts: &dissect.Facts{}}})))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, findings, err := record.Decode(b)
		if err != nil {
			return
		}
		_ = fmt.Sprint(s.Verdict, s.Facts.Protocol, s.Facts.Transport)
		s2, findings2, err := record.Decode(encode(t, alerts.Result{Session: s, Findings: findings}))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, s2, same); diff != "" {
			t.Errorf("session (-first +again):\n%s", diff)
		}
		if diff := cmp.Diff(findings, findings2, same); diff != "" {
			t.Errorf("findings (-first +again):\n%s", diff)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	r := login()
	var e record.Encoder
	b.ReportAllocs()
	for b.Loop() {
		out, err := e.Encode(&r.Session, r.Findings)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
	}
}

func BenchmarkDecode(b *testing.B) {
	in := bytes.Clone(encode(b, login()))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := record.Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}
