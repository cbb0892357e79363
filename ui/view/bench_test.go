package view_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
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

// BenchmarkMillion is the program on a database of a million findings, of few
// cases and of many: a key pressed and drawn, and how long it takes until rows
// are on the screen.
func BenchmarkMillion(b *testing.B) {
	for _, size := range []struct {
		name             string
		clients, servers int
	}{{"5000-cases", 5000, 10}, {"300000-cases", 300_000, 200}} {
		b.Run(size.name, func(b *testing.B) {
			r, err := store.OpenReader(million(b, size.clients, size.servers))
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { r.Close() })
			b.Run("first-screen", func(b *testing.B) {
				for b.Loop() {
					p, end := begin(b, r, 120, 40)
					p.until("base64-password")
					b.StopTimer()
					end()
					b.StartTimer()
				}
			})
			b.Run("key", func(b *testing.B) {
				p := run(b, r, 120, 40)
				p.until("base64-password")
				keys := []string{"Down", "PgDn", "G", "Up", "PgUp", "g"}
				n := 0
				for b.Loop() {
					p.press(keys[n%len(keys)])
					p.Draw()
					n++
				}
			})
			b.Run("overview", func(b *testing.B) {
				for b.Loop() {
					p, end := begin(b, r, 120, 40)
					p.until("base64-password")
					p.press("1")
					p.until("Top servers")
					end()
				}
			})
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.Sys)/1e6, "MB-of-Go")
		})
	}
}

// million fills a database with a million findings of log-ins without TLS,
// three each, a second apart, from so many clients at so many servers.
func million(b *testing.B, clients, servers int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "mailtap.db")
	s, err := store.Open(path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 333_334 {
		s.Add(clearLogin(i, clients, servers))
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func clearLogin(i, clients, servers int) alerts.Result {
	n := i % clients
	client := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	server := fmt.Sprintf("192.0.2.%d:587", i%servers)
	c := talk(dissect.SMTP, netip.AddrPortFrom(client, 40000).String(), server, time.Duration(i)*time.Second)
	c.offer("250-AUTH PLAIN LOGIN", "PLAIN", "LOGIN")
	c.login("PLAIN", fmt.Sprintf("user%d@example.org", n), dissect.Accepted, "AUTH PLAIN ", "AG1hcmlhAGh1bnRlcjI=", "235 2.7.0 ok")
	return c.result()
}
