package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Bounds of what a running capture says.
const (
	statusEvery  = time.Second // on a terminal
	remarkEvery  = time.Minute // elsewhere
	maxHeldLines = 200         // messages kept while the terminal UI has the screen; the oldest go
	narrowest    = 20          // columns of a terminal that are believed
)

// console is stderr while a capture runs: messages and a status line share it,
// or the terminal UI has it for itself. It is safe for concurrent use.
type console struct {
	mu       sync.Mutex
	out      io.Writer
	terminal *os.File // out, where it is one; else nil
	line     string   // the status line as it is drawn
	hold     bool     // messages wait
	held     []string
	gone     int // held messages that went
}

// eraseLine goes back to the beginning of a line and empties it.
const eraseLine = "\r\x1b[K"

// Write writes messages above the status line.
func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.hold:
		if len(c.held) == maxHeldLines {
			c.held = c.held[1:]
			c.gone++
		}
		c.held = append(c.held, string(b))
		return len(b), nil
	case c.line != "":
		_, err := io.WriteString(c.out, eraseLine+string(b)+c.line)
		return len(b), err
	}
	return c.out.Write(b)
}

// status draws the status line; "" removes it.
func (c *console) status(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text == c.line || c.hold {
		return
	}
	c.line = text
	io.WriteString(c.out, eraseLine+text) // a terminal that is gone reads no errors either
}

// keep holds messages back until release writes them.
func (c *console) keep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = true
}

func (c *console) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = false
	if c.gone > 0 {
		fmt.Fprintf(c.out, "mailtap: %d earlier messages are not shown\n", c.gone)
	}
	for _, text := range c.held {
		io.WriteString(c.out, text)
	}
	c.held, c.gone = nil, 0
}

// columns is how wide the terminal is.
func columns(f *os.File) int {
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil || n < narrowest {
		return 80
	}
	return n
}

// progress is what a capture has done up to a moment.
type progress struct {
	at             time.Time
	packets, bytes uint64
	dropped        uint64
	open           int
	findings       int
	waiting        int // results, while the database is away
	memory         uint64
}

// text is the status line: rates since the moment of before, and what there is
// now.
func (p *progress) text(before *progress) string {
	took := max(p.at.Sub(before.at).Seconds(), 1e-9)
	parts := []string{
		thousands(uint64(math.Round(float64(p.packets-before.packets)/took))) + " packets/s",
		fmt.Sprintf("%.1f Mbit/s", float64(p.bytes-before.bytes)*8/1e6/took),
		share(p.dropped, p.packets) + " dropped",
		thousands(uint64(p.open)) + plural(p.open, " connection", " connections"),
		thousands(uint64(p.findings)) + plural(p.findings, " finding", " findings"),
	}
	if p.waiting > 0 {
		parts = append(parts, thousands(uint64(p.waiting))+plural(p.waiting, " result waits", " results wait")+" for the database")
	}
	return strings.Join(append(parts, thousands(p.memory>>20)+" MiB"), ", ")
}

// share says which part of what passed was dropped.
func share(dropped, seen uint64) string {
	switch {
	case dropped == 0:
		return "0 %"
	case dropped*10_000 < seen+dropped: // never as if it were nothing
		return "< 0.01 %"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(dropped)/float64(seen+dropped))
}

// thousands writes a number with a comma after each three digits.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// memoryInUse returns the bytes of memory that the Go runtime has of the
// system.
func memoryInUse() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
