package imap_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/imap"
)

// feed feeds one side and folds what comes out.
func feed(s *imap.Session, f *dissect.Facts, side dissect.Side, text string) {
	events, _ := s.Feed(nil, side, []byte(text))
	for i := range events {
		f.Add(&events[i])
	}
}

func end(s *imap.Session, f *dissect.Facts) {
	events := s.End(nil)
	for i := range events {
		f.Add(&events[i])
	}
}

// More commands than are remembered: the oldest login ends without an answer.
func TestOpenCommandsBound(t *testing.T) {
	s, f := imap.New([2]uint64{}, false), dissect.Facts{}
	feed(s, &f, dissect.Server, "* OK ready\r\n")
	for i := range 70 {
		feed(s, &f, dissect.Client, fmt.Sprintf("a%d LOGIN joe hunter%d\r\n", i, i))
	}
	for i := range 70 {
		feed(s, &f, dissect.Server, fmt.Sprintf("a%d NO no\r\n", i))
	}
	var got []dissect.Outcome
	for _, a := range f.Auth {
		got = append(got, a.Outcome)
	}
	want := make([]dissect.Outcome, 70)
	for i := 6; i < len(want); i++ {
		want[i] = dissect.Rejected
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongArguments(t *testing.T) {
	long := strings.Repeat("p", 500)
	tests := []struct {
		name, client string
		account      string
		secret       int // -1: none
	}{
		{"500 octets", "a1 LOGIN joe " + long + "\r\n", "joe", 500},
		{"500 octets in a literal", "a1 LOGIN joe {500+}\r\n" + long + "\r\n", "joe", 500},
		{"a literal over the bound", "a1 LOGIN joe {9000+}\r\n" + strings.Repeat(long, 18) + "\r\n", "joe", -1},
		{"an account over the bound", "a1 LOGIN " + long + "@" + long + " pass\r\n", (long + "@" + long)[:dissect.MaxText], 4},
		{"an account in a literal over the bound", "a1 LOGIN {9000+}\r\n" + strings.Repeat(long, 18) + " pass\r\n", "", -1},
		{"a line over the bound", "a1 LOGIN joe " + strings.Repeat(long, 200) + "\r\n", "", -1},
	}
	for _, tt := range tests {
		for _, cut := range []int{1, 1000, len(tt.client)} {
			s, f := imap.New([2]uint64{}, false), dissect.Facts{}
			feed(s, &f, dissect.Server, "* OK ready\r\n")
			for b := tt.client; len(b) > 0; b = b[min(cut, len(b)):] {
				feed(s, &f, dissect.Client, b[:min(cut, len(b))])
			}
			account, secret := "", -1
			for _, a := range f.Auth {
				account = a.Account
				if a.Secret.Present() {
					secret = a.Secret.Len()
				}
			}
			if account != tt.account || secret != tt.secret {
				t.Errorf("%s, cut every %d: account %q, secret of %d; want %q, %d", tt.name, cut, account, secret, tt.account, tt.secret)
			}
		}
	}
}

// An answer that is longer than any line that is kept is not the secret; the
// exchange goes on.
func TestLongAnswer(t *testing.T) {
	s, f := imap.New([2]uint64{}, false), dissect.Facts{}
	feed(s, &f, dissect.Server, "* OK ready\r\n")
	feed(s, &f, dissect.Client, "a1 AUTHENTICATE PLAIN\r\n")
	feed(s, &f, dissect.Server, "+ \r\n")
	feed(s, &f, dissect.Client, strings.Repeat("QUJD", 30000)+"\r\n")
	feed(s, &f, dissect.Server, "a1 OK welcome\r\n")
	feed(s, &f, dissect.Client, "a2 SELECT INBOX\r\n")
	a := f.Auth[0]
	if a.Secret.Present() || a.Outcome != dissect.Accepted || f.MailCommand == nil {
		t.Errorf("%v, outcome %s, then %v", a.Secret, a.Outcome, f.MailCommand)
	}
}

// A list of very many words ends all the same.
func TestCapabilityBound(t *testing.T) {
	s := imap.New([2]uint64{}, false)
	events, _ := s.Feed(nil, dissect.Server, []byte("* OK [CAPABILITY"+strings.Repeat(" X", 20000)+"] ready\r\n"))
	count := map[dissect.Kind]int{}
	for _, e := range events {
		count[e.Kind]++
	}
	want := map[dissect.Kind]int{dissect.Greeting: 1, dissect.ListBegin: 1, dissect.Capability: 256, dissect.ListEnd: 1}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The text of a message is joined to its header as long as the number is
// known; the oldest numbers make room.
func TestKnownMessagesBound(t *testing.T) {
	s, f := imap.New([2]uint64{}, false), dissect.Facts{Protocol: dissect.IMAP}
	feed(s, &f, dissect.Server, "* OK ready\r\n")
	for i := 1; i <= 2*dissect.MaxMessages; i++ {
		feed(s, &f, dissect.Server, fmt.Sprintf("* %d FETCH (BODY[HEADER] {17}\r\nSubject: %06d\r\n)\r\n", i, i))
	}
	for _, number := range []int{1, 2 * dissect.MaxMessages} {
		feed(s, &f, dissect.Server, fmt.Sprintf("* %d FETCH (BODY[TEXT] {2}\r\nhi)\r\n", number))
	}
	events := s.End(nil)
	var got []string
	for _, e := range events {
		if e.Kind == dissect.MessageEnd && e.Message.Size != 17 {
			got = append(got, fmt.Sprintf("%q, %d bytes", e.Message.Subject, e.Message.Size))
		}
	}
	// Message 1 was forgotten: nobody knows what its text belongs to.
	want := []string{`"002000", 19 bytes`, `"", 2 bytes`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(f.Messages) != dissect.MaxMessages {
		t.Errorf("%d messages told before the end, want %d", len(f.Messages), dissect.MaxMessages)
	}
}

// A SEARCH reply may be longer than any line that is kept; a FETCH line may
// not, for it may announce a literal.
func TestLongServerLines(t *testing.T) {
	long := strings.Repeat(" 12345", 20000)
	message := "* 1 FETCH (BODY[HEADER] {14}\r\nSubject: one\r\n)\r\n"
	tests := []struct {
		name, line string
		want       int // messages seen behind it
	}{
		{"SEARCH", "* SEARCH" + long + "\r\n", 1},
		{"FETCH", "* 1 FETCH (BODYSTRUCTURE (" + long + "\r\n", 0},
	}
	for _, tt := range tests {
		s, f := imap.New([2]uint64{}, false), dissect.Facts{Protocol: dissect.IMAP}
		feed(s, &f, dissect.Server, "* OK ready\r\n"+tt.line+message)
		end(s, &f)
		if len(f.Messages) != tt.want {
			t.Errorf("%s: %d messages, want %d", tt.name, len(f.Messages), tt.want)
		}
	}
}

func TestNeed(t *testing.T) {
	const (
		nothing   = dissect.NeedNothing
		answer    = dissect.NeedAnswer
		tlsAnswer = dissect.NeedTLSAnswer
		tls       = dissect.NeedTLS
	)
	tests := []struct {
		name, client, server string
		before, after        dissect.Need
	}{
		{"literal", "a1 LOGIN {3}\r\n", "+ go on\r\n", answer, nothing},
		{"literal refused", "a1 LOGIN {3}\r\n", "a1 NO no\r\n", answer, nothing},
		{"literal without asking", "a1 LOGIN {3+}\r\n", "", nothing, nothing},
		{"challenge", "a1 AUTHENTICATE PLAIN\r\n", "+ \r\n", answer, nothing},
		{"something else said", "a1 AUTHENTICATE PLAIN\r\n", "* OK wait\r\n", answer, answer},
		{"COMPRESS", "a1 COMPRESS DEFLATE\r\n", "a1 OK active\r\n", answer, nothing},
		{"STARTTLS", "a1 STARTTLS\r\n", "a1 OK begin\r\n", tlsAnswer, tls},
		{"STARTTLS refused", "a1 STARTTLS\r\n", "a1 BAD what\r\n", tlsAnswer, nothing},
		{"no question", "a1 NOOP\r\n", "a1 OK done\r\n", nothing, nothing},
	}
	for _, tt := range tests {
		s := imap.New([2]uint64{}, false)
		s.Feed(nil, dissect.Server, []byte("* OK ready\r\n"))
		if _, n := s.Feed(nil, dissect.Client, []byte(tt.client+"x")); tt.before != nothing && n != len(tt.client) {
			t.Errorf("%s: took %d of %d bytes", tt.name, n, len(tt.client))
		}
		before := s.Need()
		s.Feed(nil, dissect.Server, []byte(tt.server))
		if after := s.Need(); before != tt.before || after != tt.after {
			t.Errorf("%s: need %d, then %d; want %d, %d", tt.name, before, after, tt.before, tt.after)
		}
	}
}

// After STARTTLS was accepted, the rest of what the server says is not taken.
func TestNothingTakenOfTLS(t *testing.T) {
	s := imap.New([2]uint64{}, false)
	s.Feed(nil, dissect.Server, []byte("* OK ready\r\n"))
	s.Feed(nil, dissect.Client, []byte("a1 STARTTLS\r\n"))
	reply := []byte("a1 OK begin\r\n")
	_, server := s.Feed(nil, dissect.Server, bytes.Join([][]byte{reply, []byte("* BYE\r\n")}, nil))
	_, client := s.Feed(nil, dissect.Client, []byte("\x16\x03\x01"))
	if server != len(reply) || client != 0 {
		t.Errorf("took %d and %d bytes, want %d and 0", server, client, len(reply))
	}
}
