package imap_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
)

// compressor is one side that compresses what it says, flushed behind each
// turn.
type compressor struct {
	out bytes.Buffer
	w   *flate.Writer
}

func (c *compressor) say(t testing.TB, b []byte) []byte {
	t.Helper()
	if c.w == nil {
		c.w, _ = flate.NewWriter(&c.out, flate.BestCompression)
	}
	c.out.Reset()
	if _, err := c.w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := c.w.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(c.out.Bytes())
}

// agreement is how a session comes to be compressed.
var agreement = []dialogue.Turn{
	{Side: dissect.Client, Data: []byte("z COMPRESS DEFLATE\r\n")},
	{Side: dissect.Server, Data: []byte("z OK active\r\n")},
}

// compress plays all turns behind the first, a greeting, in a compressed
// session.
func compress(t testing.TB, turns []dialogue.Turn) []dialogue.Turn {
	t.Helper()
	var sides [2]compressor
	compressed := append([]dialogue.Turn{turns[0]}, agreement...)
	for _, turn := range turns[1:] {
		compressed = append(compressed, dialogue.Turn{Side: turn.Side, Data: sides[turn.Side].say(t, turn.Data)})
	}
	return compressed
}

// compressible tells the dialogues that can be played so: those that begin
// with a greeting, and end in nothing that goes beneath the compression.
func compressible(turns []dialogue.Turn) bool {
	for _, turn := range turns {
		for _, word := range []string{"STARTTLS\r", "COMPRESS", "\x00"} {
			if bytes.Contains(turn.Data, []byte(word)) {
				return false
			}
		}
	}
	return turns[0].Side == dissect.Server && len(turns) > 1
}

// compressedDialogues gives the dialogues of testdata in compressed form, as
// they were and compressed.
func compressedDialogues(t *testing.T) map[string][2][]dialogue.Turn {
	t.Helper()
	files, _ := filepath.Glob("testdata/*.txtar")
	all := map[string][2][]dialogue.Turn{}
	for _, file := range files {
		turns, _ := dialogue.Parse(t, file)
		if compressible(turns) {
			all[filepath.Base(file)] = [2][]dialogue.Turn{turns, compress(t, turns)}
		}
	}
	if len(all) < 20 {
		t.Fatalf("%d dialogues", len(all))
	}
	return all
}

var offsets = regexp.MustCompile(` \d+-\d+ `)

// A compressed session gives the same events as a readable one, however it is
// cut; their offsets are those of the compressed bytes.
func TestCompressed(t *testing.T) {
	for name, turns := range compressedDialogues(t) {
		refusal := dialogue.Turn{Side: dissect.Server, Data: []byte("z NO not here\r\n")}
		plain := []dialogue.Turn{turns[0][0], agreement[0], refusal}
		var want []string
		for _, e := range dialogue.Run(machine(false), append(plain, turns[0][1:]...), dialogue.Whole) {
			want = append(want, offsets.ReplaceAllString(e, " "))
		}
		whole := dialogue.Run(machine(false), turns[1], dialogue.Whole)
		var got []string
		for _, e := range whole {
			if !strings.Contains(e, " compressed ") {
				got = append(got, offsets.ReplaceAllString(e, " "))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-readable +compressed):\n%s", name, diff)
		}
		for _, cut := range []int{1, 2, 3, 5, 50} {
			if diff := cmp.Diff(whole, dialogue.Run(machine(false), turns[1], cut)); diff != "" {
				t.Errorf("%s, cut every %d bytes (-whole +cut):\n%s", name, cut, diff)
			}
		}
	}
}

// sign plays all turns behind the first, a greeting, in a layer of DIGEST-MD5 that
// only signs (RFC 2831, section 2.3).
func sign(turns []dialogue.Turn) []dialogue.Turn {
	const client, server = dissect.Client, dissect.Server
	response := base64.StdEncoding.EncodeToString([]byte(`username="joe",qop=auth-int,response=1`))
	signed := []dialogue.Turn{
		turns[0], {Side: client, Data: []byte("y AUTHENTICATE DIGEST-MD5\r\n")}, {Side: server, Data: []byte("+ bm9uY2U9MQ==\r\n")},
		{Side: client, Data: []byte(response + "\r\n")}, {Side: server, Data: []byte("y OK in\r\n")},
	}
	var number [2]uint32
	for _, turn := range turns[1:] {
		signed = append(signed, dialogue.Turn{Side: turn.Side, Data: []byte(digestFrame(number[turn.Side], string(turn.Data)))})
		number[turn.Side]++
	}
	return signed
}

// What is compressed within a layer gives the same events as what is only signed,
// however it is cut.
func TestCompressedAndSigned(t *testing.T) {
	for name, turns := range compressedDialogues(t) {
		refusal := dialogue.Turn{Side: dissect.Server, Data: []byte("z NO not here\r\n")}
		plain := []dialogue.Turn{turns[0][0], agreement[0], refusal}
		var want, got []string
		for _, e := range dialogue.Run(machine(false), sign(append(plain, turns[0][1:]...)), dialogue.Whole) {
			want = append(want, offsets.ReplaceAllString(e, " "))
		}
		both := sign(turns[1])
		whole := dialogue.Run(machine(false), both, dialogue.Whole)
		for _, e := range whole {
			if !strings.Contains(e, " compressed ") {
				got = append(got, offsets.ReplaceAllString(e, " "))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-signed +compressed and signed):\n%s", name, diff)
		}
		for _, cut := range []int{1, 2, 7, 50} {
			if diff := cmp.Diff(whole, dialogue.Run(machine(false), both, cut)); diff != "" {
				t.Errorf("%s, cut every %d bytes (-whole +cut):\n%s", name, cut, diff)
			}
		}
	}
}

// With a part missing nothing panics, and nothing is invented.
func TestCompressedHurt(t *testing.T) {
	dir := t.TempDir()
	for name, turns := range compressedDialogues(t) {
		for prefix, said := range map[string][]dialogue.Turn{"": turns[1], "signed-": sign(turns[1])} {
			var text strings.Builder
			for _, turn := range said {
				fmt.Fprintf(&text, "%c- ", "CS"[turn.Side])
				for _, c := range turn.Data {
					fmt.Fprintf(&text, `\x%02x`, c)
				}
				text.WriteByte('\n')
			}
			archive := txtar.Archive{Files: []txtar.File{{Name: "dialogue", Data: []byte(text.String())}}}
			if err := os.WriteFile(filepath.Join(dir, prefix+name), txtar.Format(&archive), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	dialogue.Hurt(t, dir, machine)
}

// inflating returns a compressed session, and what its sides compress with.
func inflating(t testing.TB) (*imap.Session, *[2]compressor) {
	s := imap.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("* PREAUTH ready\r\n"))
	s.Feed(nil, dissect.Client, agreement[0].Data)
	s.Feed(nil, dissect.Server, agreement[1].Data)
	return s, new([2]compressor)
}

// say feeds what side says in a compressed session.
func say(t testing.TB, s *imap.Session, sides *[2]compressor, side dissect.Side, text string) []dissect.Event {
	t.Helper()
	b := sides[side].say(t, []byte(text))
	events, n := s.Feed(nil, side, b)
	if n != len(b) || s.Need() != dissect.NeedNothing {
		t.Fatalf("took %d of %d bytes, needs %v", n, len(b), s.Need())
	}
	return events
}

// kinds gives the kinds of events, one a word.
func kinds(events []dissect.Event) string {
	var words []string
	for _, e := range events {
		words = append(words, e.Kind.String())
	}
	return strings.Join(words, " ")
}

// What the client says while it should wait is kept up to a bound; at the
// bound, and at the end, it is read without an answer.
func TestCompressedWaiting(t *testing.T) {
	s, sides := inflating(t)
	const login = "a1 LOGIN joe {8}\r\nhunter22\r\n"
	if got := kinds(say(t, s, sides, dissect.Client, login)); got != "auth-begin" {
		t.Errorf("before the answer: %q", got)
	}
	if got := kinds(say(t, s, sides, dissect.Server, "+ go on\r\n")); got != "auth-step" {
		t.Errorf("with the answer: %q", got)
	}
	say(t, s, sides, dissect.Client, login)
	got := ""
	for i := 0; got == ""; i++ {
		if i > 20 {
			t.Fatal("no bound")
		}
		got = kinds(say(t, s, sides, dissect.Client, "a2 NOOP "+noise(1200+i)+"\r\n"))
	}
	if got != "auth-step" {
		t.Errorf("at the bound: %q", got)
	}
	say(t, s, sides, dissect.Client, login)
	if got := kinds(s.End(nil)); !strings.HasPrefix(got, "auth-step auth-end") {
		t.Errorf("at the end: %q", got)
	}
}

// After a gap, or where it is no deflate, a side is not read any more; the
// other one is.
func TestCompressedDeaf(t *testing.T) {
	const fetched = "* 1 FETCH (BODY[HEADER] {16}\r\nSubject: one\r\n\r\n)\r\n"
	tests := []struct {
		name string
		harm func(s *imap.Session, sides *[2]compressor)
		want [2]string // by side, of what it says then
	}{
		{"nothing", func(*imap.Session, *[2]compressor) {}, [2]string{"mail-command", "message-begin"}},
		{"client lost", func(s *imap.Session, _ *[2]compressor) { s.Gap(nil, dissect.Client, 5) }, [2]string{"", "message-begin"}},
		{"server lost", func(s *imap.Session, _ *[2]compressor) { s.Gap(nil, dissect.Server, 5) }, [2]string{"mail-command", ""}},
		{"server broken", func(s *imap.Session, _ *[2]compressor) { s.Feed(nil, dissect.Server, []byte("* 1 EXISTS\r\n")) }, [2]string{"mail-command", ""}},
		{"twice", func(s *imap.Session, sides *[2]compressor) {
			say(t, s, sides, dissect.Client, "a1 COMPRESS DEFLATE\r\n")
			say(t, s, sides, dissect.Server, "a1 OK active\r\n")
		}, [2]string{"", ""}},
		{"TLS beneath", func(s *imap.Session, sides *[2]compressor) {
			say(t, s, sides, dissect.Client, "a1 STARTTLS\r\n")
			say(t, s, sides, dissect.Server, "a1 OK begin\r\n")
		}, [2]string{"", ""}},
		{"TLS beneath refused", func(s *imap.Session, sides *[2]compressor) {
			say(t, s, sides, dissect.Client, "a1 STARTTLS\r\n")
			say(t, s, sides, dissect.Server, "a1 BAD no\r\n")
		}, [2]string{"mail-command", "message-begin"}},
		{"implausible ratio", func(s *imap.Session, sides *[2]compressor) {
			say(t, s, sides, dissect.Server, "* SEARCH "+strings.Repeat("0", 8<<20)+"\r\n")
		}, [2]string{"mail-command", ""}},
	}
	for _, tt := range tests {
		s, sides := inflating(t)
		tt.harm(s, sides)
		client := kinds(say(t, s, sides, dissect.Client, "a2 SELECT INBOX\r\n"))
		server := kinds(say(t, s, sides, dissect.Server, fetched))
		if got := [2]string{client, server}; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// noise gives n letters and digits at random.
func noise(n int) string {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.IntN(64)]
	}
	return string(b)
}

// FuzzCompressed: any cut of a compressed session gives the same events.
func FuzzCompressed(f *testing.F) {
	for _, seed := range dialogue.Seeds(f, "testdata") {
		f.Add(seed, uint8(0), uint16(0))
	}
	f.Fuzz(func(t *testing.T, text string, cut uint8, flip uint16) {
		turns, err := dialogue.ParseTurns(text)
		if err != nil || len(turns) == 0 || turns[0].Side != dissect.Server {
			return
		}
		turns = compress(t, turns)
		if last := turns[len(turns)-1].Data; flip > 0 {
			last[int(flip)%len(last)] ^= byte(flip >> 8)
		}
		whole := dialogue.Run(machine(false), turns, dialogue.Whole)
		if diff := cmp.Diff(whole, dialogue.Run(machine(false), turns, 1+int(cut))); diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
	})
}

// inCompressedBody returns a session within a message, and a piece of it that
// may come again and again.
func inCompressedBody(t testing.TB) (*imap.Session, []byte) {
	s, sides := inflating(t)
	say(t, s, sides, dissect.Server, "* 1 FETCH (BODY[] {4294967295}\r\nSubject: one\r\n\r\n")
	text := noise(60_000) + string(mailText[:10_000])
	say(t, s, sides, dissect.Server, text)
	return s, sides[dissect.Server].say(t, []byte(text))
}

func TestCompressedBodyAllocatesNothing(t *testing.T) {
	s, piece := inCompressedBody(t)
	var events []dissect.Event
	if n := testing.AllocsPerRun(10, func() { events, _ = s.Feed(events[:0], dissect.Server, piece) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCompressedBody(b *testing.B) {
	s, piece := inCompressedBody(b)
	b.SetBytes(70_000)
	b.ReportAllocs()
	var events []dissect.Event
	for b.Loop() {
		events, _ = s.Feed(events[:0], dissect.Server, piece)
	}
}
