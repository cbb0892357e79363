package imap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
)

// Pieces of one message of 40 octets: its header, and its text, which is its part.
const (
	sizedHeader = "Subject: one\r\nX-Mailer: xy\r\n\r\n" // 30
	sizedText   = "some text\n"                          // 10
)

// literals replaces {header} and {text} by literals of them.
var literals = strings.NewReplacer(
	"{header}", fmt.Sprintf("{%d}\r\n%s", len(sizedHeader), sizedHeader),
	"{text}", fmt.Sprintf("{%d}\r\n%s", len(sizedText), sizedText),
	"{whole}", fmt.Sprintf("{%d}\r\n%s%s", len(sizedHeader+sizedText), sizedHeader, sizedText),
)

// messagesOf plays what a server says, and gives the messages of the session.
func messagesOf(said ...string) []string {
	s, f := imap.New([2]uint64{}, false), dissect.Facts{Protocol: dissect.IMAP}
	feed(s, &f, dissect.Server, "* PREAUTH ready\r\n")
	for _, line := range said {
		feed(s, &f, dissect.Server, literals.Replace(line))
	}
	end(s, &f)
	var got []string
	for _, m := range f.Messages {
		got = append(got, fmt.Sprintf("%q %d %v", m.Subject, m.Size, m.Complete))
	}
	return got
}

// A message that a client fetches whole, and again in parts, has the size that it
// has.
func TestSizes(t *testing.T) {
	tests := []struct {
		name string
		said []string
		want string
	}{
		{"header, then text", []string{"* 1 FETCH (BODY[HEADER] {header})\r\n", "* 1 FETCH (BODY[TEXT] {text})\r\n"}, `"one" 40 true`},
		{"header, then its part", []string{"* 1 FETCH (BODY[HEADER] {header})\r\n", "* 1 FETCH (BODY[1] {text})\r\n"}, `"one" 40 true`},
		{"text, and the same as its part", []string{"* 1 FETCH (BODY[HEADER] {header} BODY[TEXT] {text} BODY[1] {text})\r\n"}, `"one" 40 true`},
		{"whole, then parts", []string{"* 1 FETCH (BODY[] {whole})\r\n", "* 1 FETCH (BODY[HEADER] {header} BODY[1] {text} BODY[2] {text})\r\n"}, `"one" 40 true`},
		{"parts, then whole", []string{"* 1 FETCH (BODY[HEADER] {header} BODY[1] {text} BODY[2] {text})\r\n", "* 1 FETCH (RFC822 {whole})\r\n"}, `"one" 40 true`},
		{"whole, twice", []string{"* 1 FETCH (BODY[] {whole})\r\n", "* 1 FETCH (BODY[] {whole})\r\n"}, `"one" 40 true`},
		{"two parts", []string{"* 1 FETCH (BODY[HEADER] {header} BODY[1] {text} BODY[2] {text})\r\n"}, `"one" 50 true`},
		{"a part twice, the size said before", []string{"* 1 FETCH (RFC822.SIZE 40 BODY[HEADER] {header})\r\n", "* 1 FETCH (BODY[1] {text})\r\n", "* 1 FETCH (BODY[1] {text})\r\n"}, `"one" 40 true`},
		{"a part twice, the size said behind", []string{"* 1 FETCH (BODY[HEADER] {header})\r\n", "* 1 FETCH (BODY[1] {text} BODY[1] {text} RFC822.SIZE 40)\r\n"}, `"one" 40 true`},
		{"a part twice, the size said later", []string{"* 1 FETCH (BODY[HEADER] {header})\r\n", "* 1 FETCH (BODY[1] {text} BODY[1] {text})\r\n", "* 1 FETCH (UID 7 RFC822.SIZE 40)\r\n"}, `"one" 40 true`},
		{"the size of another", []string{"* 1 FETCH (BODY[HEADER] {header})\r\n", "* 2 FETCH (RFC822.SIZE 20)\r\n"}, `"one" 30 true`},
		{"a size that is none", []string{"* 1 FETCH (RFC822.SIZE NIL BODY[HEADER] {header})\r\n"}, `"one" 30 true`},
		{"a size that is larger", []string{"* 1 FETCH (RFC822.SIZE 4000 BODY[HEADER] {header})\r\n"}, `"one" 30 true`},
	}
	for _, tt := range tests {
		if diff := cmp.Diff([]string{tt.want}, messagesOf(tt.said...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A header in which the connection ends makes no message. It does with the rest of
// it, or with anything else of the message.
func TestHeaderBrokenOff(t *testing.T) {
	broken := func(item string) string {
		return fmt.Sprintf("* 1 FETCH (UID 7 %s {%d}\r\n%s", item, len(sizedHeader), sizedHeader[:20])
	}
	tests := []struct {
		name string
		said []string
		want []string
	}{
		{"BODY[HEADER]", []string{broken("BODY[HEADER]")}, nil},
		{"RFC822.HEADER", []string{broken("RFC822.HEADER")}, nil},
		{"some fields", []string{broken("BODY[HEADER.FIELDS (FROM SUBJECT X-MAILER)]")}, nil},
		{"at the beginning of the literal", []string{broken("BODY[HEADER]")[:len("* 1 FETCH (UID 7 BODY[HEADER] {30}\r\n")]}, nil},
		{"behind the literal", []string{"* 1 FETCH (BODY[HEADER] {header}"}, []string{`"one" 30 false`}},
		{"behind another's", []string{"* 2 FETCH (BODY[HEADER] {header})\r\n", broken("BODY[HEADER]")}, []string{`"one" 30 true`}},
		{"behind its own text", []string{"* 1 FETCH (BODY[TEXT] {text})\r\n", broken("BODY[HEADER]")}, []string{`"one" 30 false`}},
		{"behind its text in the same response", []string{"* 1 FETCH (BODY[TEXT] {text} " + strings.TrimPrefix(broken("BODY[HEADER]"), "* 1 FETCH (UID 7 ")},
			[]string{`"one" 30 false`}},
		{"of another with the same number", []string{"* 1 FETCH (BODY[HEADER] {header})\r\n", strings.Replace(broken("BODY[HEADER]"), "one", "two", 1)},
			[]string{`"one" 30 true`}},
		{"behind ENVELOPE", []string{`* 1 FETCH (ENVELOPE (NIL "one" NIL NIL NIL NIL NIL NIL NIL NIL) ` + strings.TrimPrefix(broken("BODY[HEADER]"), "* 1 FETCH (UID 7 ")},
			[]string{`"one" 20 false`}},
		{"the whole message", []string{broken("BODY[]")}, []string{`"one" 20 false`}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, messagesOf(tt.said...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
