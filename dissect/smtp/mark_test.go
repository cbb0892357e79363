package smtp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readMarks gives all marks of content that comes in pieces, and where it has
// its first bare line end.
func readMarks(content string, cut int) (found []string, bare int) {
	f := marks{last: [2]int16{'\r', '\n'}}
	bare = -1
	for at := 0; at < len(content); {
		piece := []byte(content[at:min(at+cut, len(content))])
		for len(piece) > 0 {
			prev := f.last[1]
			n, m := f.next(piece)
			if f.bare && bare < 0 {
				if i, ok := bareEnd(prev, piece[:n]); ok {
					bare = at + i
				}
			}
			at += n
			piece = piece[n:]
			if m != (mark{}) {
				found = append(found, fmt.Sprintf("%s %d", m, at))
			}
		}
	}
	return found, bare
}

// lookForMarks finds the same without any state.
func lookForMarks(content string) (found []string, bare int) {
	const start = "\r\n"
	c := start + content
	bare = -1
	for i := len(start); i < len(c); i++ {
		before, after := "", ""
		switch {
		case strings.HasSuffix(c[:i], "\r\n"):
			before = "CRLF"
		case c[i-1] == '\n':
			before = "LF"
		case c[i-1] == '\r':
			before = "CR"
		}
		end := i + 2
		switch rest := c[i+1:]; {
		case strings.HasPrefix(rest, "\r\n"):
			after = "CRLF"
			end++
		case strings.HasPrefix(rest, "\n"):
			after = "LF"
		case strings.HasPrefix(rest, "\r") && len(rest) > 1:
			after = "CR"
		}
		if c[i] == '.' && before != "" && after != "" {
			found = append(found, fmt.Sprintf("%s . %s %d", before, after, end-len(start)))
		}
		if bare < 0 && c[i] == '\n' && c[i-1] != '\r' {
			bare = i - len(start)
		}
		if bare < 0 && c[i] == '\r' && i+1 < len(c) && c[i+1] != '\n' {
			bare = i - len(start)
		}
	}
	return found, bare
}

// FuzzMarks: however content is cut, all marks and the first bare line end are
// found where they stand.
func FuzzMarks(f *testing.F) {
	for _, seed := range []string{".\r\n", "a\n.\n", "a\r.\rb", ".\r.\r\n.\n.\r", "a\r\n..\r\n.\r\n", "\r\r\n.", "a.\r\n\n", "x\r", "a...\r\n...\n.\r\n"} {
		f.Add(seed, uint8(1))
	}
	f.Fuzz(func(t *testing.T, content string, cut uint8) {
		wantMarks, wantBare := lookForMarks(content)
		gotMarks, gotBare := readMarks(content, 1+int(cut))
		if diff := cmp.Diff(wantMarks, gotMarks); diff != "" {
			t.Errorf("%q cut every %d bytes (-want +got):\n%s", content, 1+int(cut), diff)
		}
		if gotBare != wantBare {
			t.Errorf("%q cut every %d bytes: bare end at %d, want %d", content, 1+int(cut), gotBare, wantBare)
		}
	})
}
