package export_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/export"
)

// cefKey is where a pair of the extension begins.
var cefKey = regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`)

// readCEF parses an event as a receiver does.
func readCEF(t *testing.T, line string) (header []string, pairs map[string]string) {
	t.Helper()
	line = strings.TrimSuffix(line, "\n")
	var field strings.Builder
	for i := 0; i < len(line) && len(header) < 7; i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			field.WriteByte(line[i])
		case c == '|':
			header = append(header, field.String())
			field.Reset()
			if len(header) == 7 {
				line = line[i+1:]
			}
		default:
			field.WriteByte(c)
		}
	}
	if len(header) != 7 {
		t.Fatalf("no whole header: %q", line)
	}
	pairs = map[string]string{}
	keys := cefKey.FindAllStringSubmatchIndex(line, -1)
	for i, k := range keys {
		end := len(line)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		key := line[k[2]:k[3]]
		if _, twice := pairs[key]; twice {
			t.Fatalf("%s stands twice: %q", key, line)
		}
		pairs[key] = unescapeCEF(line[k[1]:end])
	}
	return header, pairs
}

func unescapeCEF(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\=`, "=", `\n`, "\n", `\r`, "\r").Replace(s)
}

func cefLine(t *testing.T, f *alerts.Finding) string {
	t.Helper()
	var b bytes.Buffer
	if err := export.NewCEF(&b, "1.2", catalogue).Finding(f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCEF(t *testing.T) {
	var all strings.Builder
	for _, f := range findings() {
		all.WriteString(cefLine(t, f))
	}
	golden(t, "events.cef", all.String())
	if !harmless(all.String()) {
		t.Error("a character that acts was written as it is")
	}
	header, pairs := readCEF(t, cefLine(t, findings()[2]))
	if diff := cmp.Diff([]string{"CEF:0", "mailtap", "mailtap", "1.2", "base64-password", "t", "5"}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if got, want := pairs["duser"], export.Clean(findings()[2].Account); got != want {
		t.Errorf("account %q, want %q", got, want)
	}
	if got := pairs["c6a2"] + " " + pairs["dst"]; got != "2001:db8::5 10.0.0.9" {
		t.Errorf("addresses %q", got)
	}
	if got, want := pairs["cs6"], "server: "+export.Clean(findings()[2].Evidence[0].Text); got != want {
		t.Errorf("evidence %q, want %q", got, want)
	}
}

func TestCEFEscapes(t *testing.T) {
	for in, want := range map[string][2]string{
		`a|b`:         {`|a\|b|`, ` msg=a|b `},
		`a\b`:         {`|a\\b|`, ` msg=a\\b `},
		`a=b`:         {`|a=b|`, ` msg=a\=b `},
		"a\nb":        {`|a\\nb|`, ` msg=a\\nb `}, // shown, not obeyed
		`\`:           {`|\\|`, ` msg=\\ `},
		"x src=1":     {`|x src=1|`, ` msg=x src\=1 `},
		"é\u202e\xff": {`|é\\u202e\\xff|`, ` msg=é\\u202e\\xff `},
	} {
		t.Run(fmt.Sprintf("%q", in), func(t *testing.T) {
			f := finding()
			f.Title, f.Why = in, in
			line := cefLine(t, f)
			for _, part := range want {
				if !strings.Contains(line, part) {
					t.Errorf("%s is not in %s", part, line)
				}
			}
		})
	}
	// Between lines of evidence stands the format's own line break.
	if line := cefLine(t, finding()); !strings.Contains(line, `cs6=client: AUTH LOGIN am9l\nclient: `+alerts.Mask+"\n") {
		t.Errorf("evidence in %s", line)
	}
}

func TestCEFBounds(t *testing.T) {
	f := finding()
	long := strings.Repeat("é\xff|=", 5000)
	f.Title, f.Account, f.Why, f.Evidence[0].Text, f.Evidence[1].Text = long, long, long, long, long
	header, pairs := readCEF(t, cefLine(t, f))
	for name, got := range map[string]struct{ text, most int }{
		"name": {len(header[5]), 512}, "duser": {len(pairs["duser"]), 1023}, "msg": {len(pairs["msg"]), 1023}, "cs6": {len(pairs["cs6"]), 4000},
	} {
		if got.text > got.most || got.text < got.most-10 {
			t.Errorf("%s has %d bytes, and may have %d", name, got.text, got.most)
		}
	}
}
