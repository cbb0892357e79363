package view_test

import (
	"fmt"
	"testing"
)

// Drawing a screen of the list, cells made anew.
func BenchmarkDraw(b *testing.B) {
	for _, size := range []struct{ width, height int }{{80, 24}, {200, 50}} {
		b.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(b *testing.B) {
			p := run(b, &generated{cases: 1_000_000}, size.width, size.height)
			p.until("user0")
			b.ReportAllocs()
			for b.Loop() {
				p.Draw()
			}
		})
	}
}
