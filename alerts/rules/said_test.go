package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestSaid: texts are what strings.Join makes of their parts, said first or
// again, long or short, and when more than are kept were said between.
func TestSaid(t *testing.T) {
	cases := [][]string{
		nil, {"one"}, {"a", "b"}, {"a", "", "b"}, {"SMTP", " with ", "PLAIN", "", ", accepted"},
		{strings.Repeat("x", maxSaidLength), ""}, {strings.Repeat("x", maxSaidLength), "y"},
	}
	for range 3 {
		for _, parts := range cases {
			for _, between := range []string{"", ", "} {
				if got, want := joined(parts, between), strings.Join(parts, between); got != want {
					t.Errorf("%q with %q: %q, want %q", parts, between, got, want)
				}
			}
		}
		for i := range 4 * maxSaid {
			if got, want := said("text ", fmt.Sprint(i)), fmt.Sprint("text ", i); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
	n := testing.AllocsPerRun(100, func() { said("SMTP", " with ", "PLAIN", ", accepted") })
	if n != 0 {
		t.Errorf("%v allocations to say the same again", n)
	}
}
