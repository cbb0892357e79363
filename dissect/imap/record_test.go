package imap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
)

// recorded gives the lines that a session records.
func recorded(t *testing.T, turns []dialogue.Turn) []string {
	t.Helper()
	s, d := imap.New([2]uint64{}, false), new(dissect.Room).New()
	s.Record(d)
	dialogue.Run(s, turns, dialogue.Whole)
	var got []string
	for _, l := range d.Lines() {
		got = append(got, fmt.Sprintf("%c %d %s", "CS"[l.Side], l.Start, d.Text(&l)))
	}
	return got
}

// The lines of both sides are recorded, literals of LOGIN too, and nothing of
// a message.
func TestRecord(t *testing.T) {
	turns, err := dialogue.ParseTurns(strings.TrimSpace(`
S: * OK ready
C: a1 LOGIN joe {8+}
C: hunter22
S: a1 OK welcome
C: a2 FETCH 1:2 (ENVELOPE BODY[] BODY[TEXT])
S: * 1 FETCH (FLAGS (\\Seen) BODY[] {16}
S: Subject: one
S:
S: )
S: * 2 FETCH (BODY[TEXT] "content" BODY[] {9}
S: content
S:  ENVELOPE (NIL "content" NIL NIL NIL NIL NIL NIL NIL NIL))
S: a2 OK done
C: a3 APPEND Drafts {9+}
C: content
C:
C: a4 APPEND Drafts {4+}
C: content
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"S 0 * OK ready", "C 0 a1 LOGIN joe {8+}", "C 19 hunter22", "C 27 ", "S 12 a1 OK welcome",
		"C 29 a2 FETCH 1:2 (ENVELOPE BODY[] BODY[TEXT])", `S 27 * 1 FETCH (FLAGS (\Seen) BODY[] {16}`, "S 81 )",
		"S 197 a2 OK done", "C 72 a3 APPEND Drafts {9+}", "C 104 ", "C 106 a4 APPEND Drafts {4+}",
	}
	if diff := cmp.Diff(want, recorded(t, turns)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What was inflated is not recorded, nor a line with more tokens than Facts
// keep.
func TestNotRecorded(t *testing.T) {
	turns := []dialogue.Turn{
		{Side: dissect.Server, Data: []byte("* OK ready\r\n")},
		{Side: dissect.Client, Data: []byte("a1 URLFETCH imap://a;urlauth=anonymous:internal:01 imap://b;urlauth=anonymous:internal:02\r\n")},
		{Side: dissect.Server, Data: []byte("a1 NO no\r\n")},
	}
	for i, want := range [][]string{
		{"S 0 * OK ready", "S 12 a1 NO no"},
		{"S 0 * OK ready", "C 0 z COMPRESS DEFLATE", "S 12 z OK active", "S 25 a1 NO no"},
	} {
		if i == 1 {
			turns = compress(t, turns)
		}
		if diff := cmp.Diff(want, recorded(t, turns)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
