package export_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts/export"
	"github.com/mailtap/mailtap/dissect"
)

// fitted is a table of two rows on a terminal of so many columns.
func fitted(t *testing.T, columns int) string {
	t.Helper()
	var b bytes.Buffer
	table := export.NewRows(&b, false, "SEVERITY", "RULE", "SERVER", "CLIENT", "FIRST SEEN IN", "EVIDENCE")
	table.Fit(columns)
	for _, row := range [][]string{
		{"critical", "cleartext-password", "198.51.100.25:143", "198.51.100.7 198.51.100.8 198.51.100.9 ...", "monday-morning.pcap:4711", `LOGIN "jürgen" ••••••••`},
		{"low", "mail-on-unusual-port", "[2001:db8::25]:2525", "198.51.100.7", "a.pcap:1", "-"},
	} {
		if err := table.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		columns int
		want    string
	}{
		{0, `
SEVERITY  RULE                  SERVER               CLIENT                                      FIRST SEEN IN             EVIDENCE
critical  cleartext-password    198.51.100.25:143    198.51.100.7 198.51.100.8 198.51.100.9 ...  monday-morning.pcap:4711  LOGIN "jürgen" ••••••••
low       mail-on-unusual-port  [2001:db8::25]:2525  198.51.100.7                                a.pcap:1                  -
`},
		{110, `
SEVERITY  RULE                  SERVER               CLIENT             FIRST SEEN IN       EVIDENCE
critical  cleartext-password    198.51.100.25:143    198.51.100.7 198…  …morning.pcap:4711  LOGIN "jürgen" ••…
low       mail-on-unusual-port  [2001:db8::25]:2525  198.51.100.7       a.pcap:1            -
`},
		{80, `
SEVERITY  RULE                  SERVER               CLIENT        FIRST SEEN IN
    EVIDENCE
critical  cleartext-password    198.51.100.25:143    198.51.100.…  …ng.pcap:4711
    LOGIN "jürgen" ••••••••
low       mail-on-unusual-port  [2001:db8::25]:2525  198.51.100.7  a.pcap:1
    -
`},
	} {
		got := "\n" + fitted(t, tt.columns)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", tt.columns, diff)
		}
	}
}

// A line is never longer than the terminal, but for what is copied from it.
func TestFitAnyWidth(t *testing.T) {
	for columns := 40; columns < 160; columns++ {
		got := fitted(t, columns)
		for line := range strings.Lines(got) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, " \n")); n > columns {
				t.Errorf("%d columns: a line of %d:\n%s", columns, n, got)
			}
		}
		for _, whole := range []string{"cleartext-password", "[2001:db8::25]:2525", "pcap:4711"} {
			if !strings.Contains(got, whole) {
				t.Errorf("%d columns: no %q in\n%s", columns, whole, got)
			}
		}
	}
}

// A finding that the policy accepts is seen in the list, too.
func TestTableException(t *testing.T) {
	f := finding()
	f.Detail = append(f.Detail, dissect.Pair{Key: "exception", Value: "until\x1b[2J the move"})
	var b bytes.Buffer
	table := export.NewTable(&b, false)
	if err := errors.Join(table.Finding(f), table.Flush()); err != nil {
		t.Fatal(err)
	}
	if want := `(exception: until\x1b[2J the move) `; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
}
