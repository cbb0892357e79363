package tls

import (
	"cmp"
	"slices"
	"testing"
)

// The search needs the order.
func TestSuitesAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(suites[:], func(a, b suite) int { return cmp.Compare(a.number, b.number) }) {
		t.Error("not in the order of their numbers")
	}
	for i := range suites[1:] {
		if suites[i].number == suites[i+1].number {
			t.Errorf("0x%04X stands twice", suites[i].number)
		}
	}
}
