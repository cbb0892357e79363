package message

import (
	"slices"
	"testing"
)

// FuzzPlainAddresses: what the short way reads, the long way reads the same.
func FuzzPlainAddresses(f *testing.F) {
	for _, s := range []string{
		"a@b.example", "Joe <joe@b.example>", "<a@b>", "a@b, Joe Q <c@d.example>", " a@b ,c@d", "a@b,", ",a@b", "a@@b",
		"a@b@c", "a..b@c", ".a@c", "a@c.", "Joe <a@b> x", "Joe <a@b", "<>", "Joe <a@b>>", "x<a@b>", "a b@c", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := plainAddresses(b)
		if !ok {
			return
		}
		parsed, err := addresses.ParseList(string(b))
		if err != nil {
			t.Fatalf("%q: %q, but it breaks the grammar: %v", b, got, err)
		}
		var want []string
		for _, a := range parsed {
			want = append(want, a.Address)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", b, got, want)
		}
	})
}
