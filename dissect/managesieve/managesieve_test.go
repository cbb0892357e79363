package managesieve_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/managesieve"
)

func machine(late bool) dialogue.Machine { return managesieve.New([2]uint64{}, late) }

func TestDialogues(t *testing.T) {
	dialogue.Golden(t, "testdata", func() dialogue.Machine { return machine(false) })
}

func TestHurtDialogues(t *testing.T) {
	dialogue.Hurt(t, "testdata", machine)
}

// play runs a dialogue and returns its events.
func play(t *testing.T, late bool, text string) []string {
	t.Helper()
	turns, err := dialogue.ParseTurns(text)
	if err != nil {
		t.Fatal(err)
	}
	return dialogue.Run(machine(late), turns, dialogue.Whole)
}

// The first command of a conversation joined late is found when the server
// answers it, and when there is no server; its outcome is not known.
func TestJoinedLate(t *testing.T) {
	const login = "C: AUTHENTICATE \"PLAIN\" \"{b64:\\x00joe\\x00hunter22}\"\n"
	begin := `client 0-45 auth-begin PLAIN line "AUTHENTICATE \"PLAIN\" \"****\""`
	tests := []struct {
		name, text string
		want       []string
	}{
		{
			"answered", login + "S: OK\nC: LISTSCRIPTS\n",
			[]string{
				begin, `server 0-4 auth-end PLAIN unknown account "joe" secret of 8 line "OK"`,
				`client 45-58 mail-command "LISTSCRIPTS" line "LISTSCRIPTS"`,
			},
		},
		{
			"client-only", login + "C: LISTSCRIPTS\n",
			[]string{
				begin, `server 0-0 auth-end PLAIN unknown account "joe" secret of 8`,
				`client 45-58 mail-command "LISTSCRIPTS" line "LISTSCRIPTS"`,
			},
		},
		{
			"a-list-perhaps-behind-a-login", "C: CAPABILITY\nS: \"SIEVE\" \"\"\nS: OK\nC: LOGOUT\n",
			[]string{
				`server 0-12 list-begin line "\"SIEVE\" \"\""`, `server 0-12 capability "SIEVE" line "\"SIEVE\" \"\""`,
				`client 12-20 bye line "LOGOUT"`,
			},
		},
		{
			"a-list-with-starttls", "C: CAPABILITY\nS: \"STARTTLS\"\nS: OK\nC: LOGOUT\n",
			[]string{
				`server 0-12 list-begin line "\"STARTTLS\""`, `server 0-12 capability "STARTTLS" line "\"STARTTLS\""`,
				`server 12-16 list-end line "OK"`, `client 12-20 bye line "LOGOUT"`,
			},
		},
		{"in-a-script", login + "C: keep;\nS: OK\n", nil},
		{"behind-a-part-of-a-line", "S- arted\nC: \"x\"\nS: OK\nC: LOGOUT\n", []string{}},
		{
			"greeting", "S: \"IMPLEMENTATION\" \"x\"\nS: \"SASL\" \"\"\nS: OK\n",
			[]string{
				`server 0-22 list-begin line "\"IMPLEMENTATION\" \"x\""`, `server 0-22 greeting "x" line "\"IMPLEMENTATION\" \"x\""`,
				`server 0-22 capability "IMPLEMENTATION x" line "\"IMPLEMENTATION\" \"x\""`,
				`server 22-33 capability "SASL" line "\"SASL\" \"\""`, `server 33-37 list-end line "OK"`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := play(t, true, tt.text)
			if len(tt.want)+len(got) > 0 {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// feed feeds one side and folds what comes out.
func feed(s *managesieve.Session, f *dissect.Facts, side dissect.Side, text string) {
	events, _ := s.Feed(nil, side, []byte(text))
	for i := range events {
		f.Add(&events[i])
	}
}

// A list of more capabilities than are kept is not complete.
func TestCapabilitiesBound(t *testing.T) {
	for _, tt := range []struct {
		n        int
		complete bool
	}{{256, true}, {257, false}} {
		s, f := managesieve.New([2]uint64{}, false), dissect.Facts{}
		feed(s, &f, dissect.Server, strings.Repeat("\"X-ONE\" \"a\"\r\n", tt.n)+"OK\r\n")
		if f.Offer.Complete != tt.complete {
			t.Errorf("%d capabilities: complete %t", tt.n, f.Offer.Complete)
		}
	}
}

// More commands than are remembered: the oldest login ends without an answer.
func TestOpenCommandsBound(t *testing.T) {
	s, f := managesieve.New([2]uint64{}, false), dissect.Facts{}
	feed(s, &f, dissect.Server, "OK\r\n")
	feed(s, &f, dissect.Client, "AUTHENTICATE \"PLAIN\" \"AGpvZQBodW50ZXIyMg==\"\r\n")
	s.Proceed()
	feed(s, &f, dissect.Client, strings.Repeat("NOOP\r\n", 64))
	feed(s, &f, dissect.Server, "NO\r\n")
	if len(f.Auth) != 1 || f.Auth[0].Outcome != dissect.OutcomeUnknown {
		t.Errorf("%+v", f.Auth)
	}
}

// A literal of more than 16 KiB is not kept, and its secret not known.
func TestLongArgument(t *testing.T) {
	for _, tt := range []struct {
		size    int
		present bool
	}{{16 << 10, true}, {16<<10 + 1, false}} {
		s, f := managesieve.New([2]uint64{}, false), dissect.Facts{}
		feed(s, &f, dissect.Server, "OK\r\n")
		token := strings.Repeat("A", tt.size)
		feed(s, &f, dissect.Client, fmt.Sprintf("AUTHENTICATE \"X-TOKEN\" {%d+}\r\n%s\r\n", len(token), token))
		if len(f.Auth) != 1 || f.Auth[0].Secret.Present() != tt.present {
			t.Errorf("%d bytes: %+v", tt.size, f.Auth)
		}
	}
}

// The server's TLS shows that it agreed, though its answer was lost.
func TestTLSAnswerLost(t *testing.T) {
	s, f := managesieve.New([2]uint64{}, false), dissect.Facts{}
	feed(s, &f, dissect.Server, "\"IMPLEMENTATION\" \"x\"\r\nOK\r\n")
	feed(s, &f, dissect.Client, "STARTTLS\r\n")
	s.Gap(nil, dissect.Server, 4)
	if got := s.Need(); got != dissect.NeedTLSAnswer {
		t.Fatalf("need %d before", got)
	}
	if _, n := s.Feed(nil, dissect.Server, []byte("\x16\x03\x03")); n != 0 || s.Need() != dissect.NeedTLS {
		t.Errorf("took %d bytes, need %d", n, s.Need())
	}
}

var script = bytes.Repeat([]byte("if header :is \"Subject\" \"x\" { discard; }\r\n"), 1000)

func TestScriptAllocatesNothing(t *testing.T) {
	s := managesieve.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("OK\r\n"))
	s.Feed(nil, dissect.Client, []byte("PUTSCRIPT \"a\" {4294967295+}\r\n"))
	var events []dissect.Event
	if n := testing.AllocsPerRun(100, func() { events, _ = s.Feed(events[:0], dissect.Client, script) }); n > 0 {
		t.Errorf("%v allocations for %d bytes of a script", n, len(script))
	}
}

func BenchmarkPutScript(b *testing.B) {
	command := fmt.Appendf(nil, "PUTSCRIPT \"a\" {%d+}\r\n%s\r\n", len(script), script)
	b.SetBytes(int64(len(command)))
	b.ReportAllocs()
	s := managesieve.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("OK\r\n"))
	var events []dissect.Event
	for b.Loop() {
		for rest := command; len(rest) > 0; {
			n := min(1448, len(rest)) // as segments come
			events, _ = s.Feed(events[:0], dissect.Client, rest[:n])
			rest = rest[n:]
		}
		events, _ = s.Feed(events[:0], dissect.Server, []byte("OK\r\n"))
	}
}

func BenchmarkListScripts(b *testing.B) {
	reply := append(bytes.Repeat([]byte("\"my script\"\r\n"), 1000), "OK\r\n"...)
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	s := managesieve.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("OK\r\n"))
	var events []dissect.Event
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Client, []byte("LISTSCRIPTS\r\n"))
		events, _ = s.Feed(events[:0], dissect.Server, reply)
	}
}
