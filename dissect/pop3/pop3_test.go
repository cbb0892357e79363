package pop3_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/pop3"
)

func newSession(late bool) dialogue.Machine { return pop3.New([2]uint64{}, late) }

func TestDialogues(t *testing.T) {
	dialogue.Golden(t, "testdata", func() dialogue.Machine { return newSession(false) })
}

func TestHurt(t *testing.T) { dialogue.Hurt(t, "testdata", newSession) }

// Conversations of which a part was not captured.
func TestPartsMissing(t *testing.T) {
	tests := []struct {
		name, dialogue string
		late           bool
		want           []string
	}{
		{"client only", `
C: USER joe
C: PASS secret
C: AUTH LOGIN
C: {b64:ann}
C: {b64:secret}
C: AUTH PLAIN {b64:\x00bob\x00secret}
C: RETR 1
C: AUTH PLAIN
C: *
C: STLS
C: QUIT
`, false, []string{
			`client 0-10 auth-begin USER line "USER joe"`,
			`client 10-23 auth-step USER line "PASS ****"`,
			`client 23-35 auth-begin LOGIN line "AUTH LOGIN"`,
			`client 35-41 auth-step LOGIN line "YW5u"`,
			`client 41-51 auth-step LOGIN line "****"`,
			`client 51-80 auth-begin PLAIN line "AUTH PLAIN ****"`,
			`client 80-88 mail-command "RETR" line "RETR 1"`,
			`client 88-100 auth-begin PLAIN line "AUTH PLAIN"`,
			`client 100-103 auth-end PLAIN cancelled line "*"`,
			`client 103-109 starttls line "STLS"`,
			`client 109-115 bye line "QUIT"`,
			`server 0-0 auth-end USER unknown account "joe" secret of 6`,
			`server 0-0 auth-end LOGIN unknown account "ann" secret of 6`,
			`server 0-0 auth-end PLAIN unknown account "bob" secret of 6`,
		}},
		{"a list, then a login", `
C: CAPA
S: +OK
S: USER
S: .
C: USER joe
S: +OK
`, true, []string{
			`server 5-11 list-begin`,
			`server 5-11 capability "USER" line "USER"`,
			`server 11-14 list-end line "."`,
		}},
		{"a list, perhaps behind a login", `
C: CAPA
S: +OK
S: USER
S: .
C: STAT
S: +OK 0 0
`, true, []string{
			`server 5-11 list-begin`,
			`server 5-11 capability "USER" line "USER"`,
			`client 6-12 mail-command "STAT" line "STAT"`,
		}},
		{"a list with STLS", `
C: CAPA
S: +OK
S: STLS
S: .
C: STAT
S: +OK 0 0
`, true, []string{
			`server 5-11 list-begin`,
			`server 5-11 capability "STLS" line "STLS"`,
			`server 11-14 list-end line "."`,
			`client 6-12 mail-command "STAT" line "STAT"`,
		}},
		{"server only", `
S: +OK ready
S: +OK
S: SASL PLAIN
S: STLS
S: .
S: +OK
S: +OK logged in
S: +OK 2 320
S: +OK
S: 1 120
S: 2 200
S: .
S: +OK
S: Subject: found
S: 
S: +OK decoy
S: Subject: decoy
S: .
S: -ERR
S: +OK bye
`, false, []string{
			`server 0-11 greeting "ready" line "+OK ready"`,
			`server 16-28 list-begin`,
			`server 16-28 capability "SASL PLAIN" line "SASL PLAIN"`,
			`server 16-28 mechanism "PLAIN" line "SASL PLAIN"`,
			`server 28-34 capability "STLS" line "STLS"`,
			`server 34-37 list-end line "."`,
			`server 95-111 message-begin`,
			`server 140-143 message-end subject "found" size 45 complete`,
		}},
		{"joined within a message", `
S: +OK decoy
S: Subject: decoy
S: .
C: RETR 2
S: +OK
S: Subject: found
S: 
S: .
C: PASS secret
S: +OK
`, true, []string{
			`client 0-8 mail-command "RETR" line "RETR 2"`,
			`server 30-35 message-begin line "+OK"`,
			`server 53-56 message-end subject "found" size 18 complete`,
			`client 8-21 auth-begin USER line "PASS ****"`,
			`server 56-61 auth-end USER accepted secret of 6 line "+OK"`,
		}},
		{"commands within a message of the client", `
S: +OK ready
C: XTND XMIT
S: +OK
C: Subject: sent
C: 
C: USER decoy
C: PASS decoy
C: .
C: USER joe
S: +OK
S: +OK
C: PASS secret
S: +OK
`, false, []string{
			`server 0-11 greeting "ready" line "+OK ready"`,
			`client 0-11 mail-command "XTND XMIT" line "XTND XMIT"`,
			`server 11-16 message-begin line "+OK"`,
			`client 52-55 message-end subject "sent" size 41 complete`,
			`client 55-65 auth-begin USER line "USER joe"`,
			`client 65-78 auth-step USER line "PASS ****"`,
			`server 26-31 auth-end USER accepted account "joe" secret of 6 line "+OK"`,
		}},
		{"message of the client, server missing", `
C: XTND XMIT
C: Subject: sent
C: 
C: PASS decoy
C: .
C: XTND XMIT
C: STAT
`, false, []string{
			`client 0-11 mail-command "XTND XMIT" line "XTND XMIT"`,
			`client 11-26 message-begin`,
			`client 40-43 message-end subject "sent" size 29 complete`,
			`client 43-54 mail-command "XTND XMIT" line "XTND XMIT"`,
			`client 54-60 mail-command "STAT" line "STAT"`,
		}},
		{"joined behind USER", `
C: PASS secret
S: +OK
S: -ERR
C: RETR 1
S: -ERR
`, true, []string{
			`client 0-13 auth-begin USER line "PASS ****"`,
			`server 5-5 auth-end USER unknown secret of 6`,
			`client 13-21 mail-command "RETR" line "RETR 1"`,
		}},
		{"joined within an exchange", `
C: {b64:secret}
S: + 
C: more
S: +OK
C: STLS
S: +OK
C- \x16\x03\x01
`, true, []string{
			`client 16-22 starttls line "STLS"`,
			`server 9-14 starttls-reply accepted line "+OK"`,
			"tls",
		}},
	}
	for _, tt := range tests {
		turns, err := dialogue.ParseTurns(tt.dialogue)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, dialogue.Run(newSession(tt.late), turns, dialogue.Whole)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// What a session keeps and tells has bounds, also where a side never stops.
func TestBounds(t *testing.T) {
	tests := []struct {
		name           string
		client, server string
		kind           dissect.Kind
		want           int
	}{
		{"commands without reply", strings.Repeat("USER a\r\nPASS b\r\n", pop3.MaxPending), "", dissect.AuthEnd, pop3.MaxPending / 2},
		{"capabilities", "CAPA\r\n", "+OK\r\n+OK\r\n" + strings.Repeat("X-A\r\n", 2*pop3.MaxListed) + ".\r\n", dissect.Capability, pop3.MaxListed},
		{"no end of a list over the bound", "CAPA\r\n", "+OK\r\n+OK\r\n" + strings.Repeat("X-A\r\n", 2*pop3.MaxListed) + ".\r\n", dissect.ListEnd, 0},
		{"mechanisms", "CAPA\r\n", "+OK\r\n+OK\r\nSASL" + strings.Repeat(" X", 2*dissect.MaxMechanisms) + "\r\n.\r\n", dissect.Mechanism, dissect.MaxMechanisms},
		{"strange commands", strings.Repeat("what\r\n", 2*pop3.MaxOddities), "", dissect.Unexpected, pop3.MaxOddities},
		{"strange replies", "", "+OK\r\n" + strings.Repeat("what\r\n", 2*pop3.MaxOddities), dissect.Unexpected, pop3.MaxOddities},
	}
	for _, tt := range tests {
		s := pop3.New([2]uint64{}, false)
		events, _ := s.Feed(nil, dissect.Client, []byte(tt.client))
		events, _ = s.Feed(events, dissect.Server, []byte(tt.server))
		got := 0
		for _, e := range events {
			if e.Kind == tt.kind {
				got++
			}
		}
		if got != tt.want {
			t.Errorf("%s: %d events, want %d", tt.name, got, tt.want)
		}
	}
}

// Replies that come after their commands were forgotten belong to nobody.
func TestForgottenReplies(t *testing.T) {
	s := pop3.New([2]uint64{}, false)
	commands := "USER joe\r\n" + strings.Repeat("NOOP\r\n", pop3.MaxPending) + "PASS secret\r\n"
	s.Feed(nil, dissect.Client, []byte(commands))
	events, _ := s.Feed(nil, dissect.Server, []byte("+OK\r\n"+strings.Repeat("+OK\r\n", pop3.MaxPending+1)+"-ERR\r\n"))
	for _, e := range events {
		if e.Kind == dissect.AuthEnd && e.Outcome != dissect.OutcomeUnknown {
			t.Errorf("outcome %v", e.Outcome)
		}
	}
}

// A gap within a message of the client: it goes on until its end or, where that
// is lost, until the server answers.
func TestSentGap(t *testing.T) {
	tests := []struct {
		name, client, server, then string
		want                       string
	}{
		{"within", "PASS decoy\r\n.\r\n", "+OK\r\n", "PASS secret\r\n", "secret"},
		{"over its end", "", "+OK\r\n", "PASS secret\r\n", "secret"},
		{"no answer yet", "PASS decoy\r\n", "", "", ""},
	}
	for _, tt := range tests {
		s, f := pop3.New([2]uint64{}, false), dissect.Facts{Protocol: dissect.POP3}
		add := func(events []dissect.Event) {
			for i := range events {
				f.Add(&events[i])
			}
		}
		feed := func(side dissect.Side, text string) {
			events, _ := s.Feed(nil, side, []byte(text))
			add(events)
		}
		feed(dissect.Server, "+OK\r\n")
		feed(dissect.Client, "XTND XMIT\r\n")
		feed(dissect.Server, "+OK\r\n")
		feed(dissect.Client, "Subject: sent\r\n\r\n")
		add(s.Gap(nil, dissect.Client, 100))
		feed(dissect.Client, tt.client)
		feed(dissect.Server, tt.server)
		feed(dissect.Client, tt.then)
		add(s.End(nil))
		secret := ""
		for _, a := range f.Auth {
			secret += a.Secret.Reveal()
		}
		if secret != tt.want || len(f.Messages) != 1 || f.Messages[0].Complete || f.Messages[0].Subject != "sent" {
			t.Errorf("%s: secret %q, messages %+v", tt.name, secret, f.Messages)
		}
	}
}

// The lines of both sides are recorded, and none of a message or of a reply
// that nobody knows.
func TestRecord(t *testing.T) {
	s := pop3.New([2]uint64{}, false)
	d := new(dissect.Room).New()
	s.Record(d)
	steps := []string{
		"S+OK ready", "CUSER joe", "S+OK", "CPASS secret", "S+OK", "CRETR 1", "S+OK", "SSubject: content", "S", "Scontent", "S.",
		"CXTND XMIT", "S+OK", "CSubject: content", "C.", "S+OK queued", "S+OK to nobody", "SSubject: content", "S.", "CQUIT",
	}
	for _, step := range steps {
		side := dissect.Client
		if step[0] == 'S' {
			side = dissect.Server
		}
		s.Feed(nil, side, []byte(step[1:]+"\r\n"))
	}
	var got []string
	for _, l := range d.Lines() {
		got = append(got, string("CS"[l.Side])+string(d.Text(&l)))
	}
	want := []string{
		"S+OK ready", "CUSER joe", "S+OK", "CPASS secret", "S+OK", "CRETR 1", "S+OK",
		"CXTND XMIT", "S+OK", "S+OK queued", "S+OK to nobody", "CQUIT",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Offsets count from the base that New was given.
func TestBase(t *testing.T) {
	s := pop3.New([2]uint64{100, 5000}, false)
	events, _ := s.Feed(nil, dissect.Server, []byte("+OK\r\n"))
	events, _ = s.Feed(events, dissect.Client, []byte("QUIT\r\n"))
	if got := [2]uint64{events[0].Start, events[1].End}; got != [2]uint64{5000, 106} {
		t.Errorf("offsets %v", got)
	}
}

func TestBodyAllocates(t *testing.T) {
	s, mail := inBody()
	var events []dissect.Event
	if n := testing.AllocsPerRun(100, func() { events, _ = s.Feed(events[:0], dissect.Server, mail) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// inBody returns a session within a message, and a piece of it.
func inBody() (*pop3.Session, []byte) {
	s := pop3.New([2]uint64{}, false)
	s.Feed(nil, dissect.Client, []byte("RETR 1\r\n"))
	s.Feed(nil, dissect.Server, []byte("+OK\r\n+OK\r\nSubject: x\r\n\r\nhello\r\n"))
	return s, []byte(strings.Repeat(strings.Repeat("mail", 18)+"\r\n", 1000))
}

func FuzzFeed(f *testing.F) { dialogue.FuzzCuts(f, []string{"testdata"}, newSession) }

// FuzzGap loses a part of either side: nothing may panic, and what is taken
// and lost adds up to the offsets.
func FuzzGap(f *testing.F) {
	f.Add([]byte("+OK\r\n+OK\r\nSubject: x\r\n"), []byte("USER joe\r\nRETR 1\r\n"), uint8(3), uint16(9), false)
	f.Add([]byte("+OK\r\n+OK\r\n+OK\r\n+OK\r\n"), []byte("XTND XMIT\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n"), uint8(5), uint16(3), false)
	f.Add([]byte("+OK\r\n+OK\r\n\x00\x00\x00\x01x"), []byte("AUTH GSS-SPNEGO eA==\r\n\x00\x00\x00\x01x"), uint8(90), uint16(1), false)
	f.Add([]byte("+OK\r\n+ \r\n-ERR\r\n"), []byte("AUTH LOGIN\r\nam9l\r\nSTLS\r\n"), uint8(7), uint16(1), true)
	f.Fuzz(func(t *testing.T, server, client []byte, cut uint8, lost uint16, late bool) {
		s := pop3.New([2]uint64{}, late)
		var fed [2]uint64
		side := dissect.Server
		pieces := [2][]byte{client, server}
		var events []dissect.Event
		for len(pieces[0])+len(pieces[1]) > 0 {
			side = side.Other()
			b := pieces[side][:min(1+int(cut), len(pieces[side]))]
			var n int
			events, n = s.Feed(events[:0], side, b)
			if n < len(b) {
				s.Proceed()
			}
			pieces[side] = pieces[side][n:]
			fed[side] += uint64(n)
			if n > 0 && b[0]%7 == 0 {
				events = s.Gap(events, side, uint64(lost))
				fed[side] += uint64(lost)
			}
			for _, e := range events {
				if e.Start > e.End || e.End > fed[e.Side] {
					t.Fatalf("event %d-%d of %d bytes", e.Start, e.End, fed[e.Side])
				}
			}
		}
		s.End(events[:0])
	})
}

func BenchmarkFeedBody(b *testing.B) {
	s, mail := inBody()
	var events []dissect.Event
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Server, mail)
	}
}

func BenchmarkSession(b *testing.B) {
	client := [][]byte{[]byte("CAPA\r\n"), []byte("USER joe\r\n"), []byte("PASS secret\r\n"), []byte("STAT\r\n"), []byte("QUIT\r\n")}
	server := [][]byte{[]byte("+OK\r\nTOP\r\nSASL PLAIN\r\n.\r\n"), []byte("+OK\r\n"), []byte("+OK\r\n"), []byte("+OK 0 0\r\n"), []byte("+OK\r\n")}
	var events []dissect.Event
	var n int
	for i := range client {
		n += len(client[i]) + len(server[i])
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		s := pop3.New([2]uint64{}, false)
		events, _ = s.Feed(events[:0], dissect.Server, []byte("+OK ready\r\n"))
		for i := range client {
			events, _ = s.Feed(events[:0], dissect.Client, client[i])
			events, _ = s.Feed(events[:0], dissect.Server, server[i])
		}
		events = s.End(events[:0])
	}
}
