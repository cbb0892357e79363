package main

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"90d", 90 * day, true},
		{"12w", 84 * day, true},
		{"36h", 36 * time.Hour, true},
		{"65535w", maxSpan / (7 * day) * 7 * day, true},
		{"2000000h", maxSpan, true},
		{"65536d", 0, false},
		{"-1h", 0, false},
		{"d", 0, false},
		{"2026-01-31", 0, false},
		{"", 0, false},
	} {
		if got, ok := span(tt.text); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %v %v, want %v %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64
	}{
		{"1000", 1000}, {"500M", 500 << 20}, {"2g", 2 << 30}, {"3KB", 3 << 10}, {"1T", 1 << 40},
		{"0", 0}, {"", 0}, {"M", 0}, {"-1", 0}, {"1.5G", 0}, {"8388608T", 0}, {"9223372036854775808", 0}, {"99999999999999999999T", 0},
	} {
		if got, ok := parseSize(tt.text); ok != (tt.want > 0) || ok && got != tt.want {
			t.Errorf("%q: %d %v, want %d", tt.text, got, ok, tt.want)
		}
	}
}

func TestSized(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 3 << 19: "1.5 MiB", 2 << 40: "2.0 TiB", 5 << 50: "5120.0 TiB"} {
		if got := sized(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
