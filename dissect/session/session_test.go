package session_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/session"
)

// run is one connection and what came out of it.
type run struct {
	t      testing.TB
	pool   *session.Pool
	s      *session.Session
	cut    int // bytes fed at once; 0: what one direction says in a row
	sent   [2]uint64
	events []string
	facts  dissect.Facts
}

func newRun(t testing.TB, ports [2]uint16, late bool) *run {
	pool := new(session.Pool)
	return &run{t: t, pool: pool, s: session.New(pool, ports, late)}
}

// play feeds a dialogue by flow direction: "0: line" and "1: line" end with
// CRLF, "0- bytes" with nothing, both know Go's escapes; "0! 5" loses five
// bytes; "end" ends the connection. Blank lines are skipped.
func (r *run) play(dialogue string) *run {
	r.t.Helper()
	for turn := range strings.Lines(dialogue) {
		turn = strings.TrimSpace(turn)
		switch {
		case turn == "":
			continue
		case turn == "end":
			r.end()
			continue
		}
		dir := turn[0] - '0'
		text := strings.TrimPrefix(turn[2:], " ")
		if turn[1] == '!' {
			n, err := strconv.Atoi(text)
			if err != nil {
				r.t.Fatal(err)
			}
			r.lose(dir, n)
			continue
		}
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
		if err != nil {
			r.t.Fatalf("%q: %v", turn, err)
		}
		if turn[1] == ':' {
			text += "\r\n"
		}
		r.feed(dir, []byte(text))
	}
	return r
}

func (r *run) feed(dir uint8, b []byte) {
	r.t.Helper()
	cut := r.cut
	if cut == 0 {
		cut = len(b)
	}
	for len(b) > 0 {
		// As from a packet: nothing may keep it.
		piece := []byte(string(b[:min(cut, len(b))]))
		b = b[len(piece):]
		r.sent[dir] += uint64(len(piece))
		r.take(r.s.Feed(nil, dir, piece))
		clear(piece)
	}
}

func (r *run) lose(dir uint8, n int) {
	r.t.Helper()
	r.sent[dir] += uint64(n)
	r.take(r.s.Gap(nil, dir, uint64(n)))
}

func (r *run) end() {
	r.t.Helper()
	r.take(r.s.End(nil))
	if n := r.pool.Used(); n != 0 {
		r.t.Errorf("%d bytes are held back behind the end", n)
	}
}

func (r *run) take(events []dissect.Event) {
	r.t.Helper()
	for i := range events {
		e := &events[i]
		if sent := r.sent[r.s.Direction(e.Side)]; e.Start > e.End || e.End > sent {
			r.t.Errorf("%s %s at [%d, %d) of %d bytes", e.Side, e.Kind, e.Start, e.End, sent)
		}
		if e.Hide.From < 0 || e.Hide.From > e.Hide.To || e.Hide.To > len(e.Line) {
			r.t.Errorf("%s hides %v of %d bytes", e.Kind, e.Hide, len(e.Line))
		}
		r.events = append(r.events, fmt.Sprintf("%s %s %d-%d %q %q", e.Side, e.Kind, e.Start, e.End, e.Text, e.Line))
		r.facts.Add(e)
	}
	if r.pool.Used() < 0 {
		r.t.Errorf("the pool holds %d bytes", r.pool.Used())
	}
}

// kinds gives the events of some kinds, each with its line.
func (r *run) kinds(kinds ...dissect.Kind) []string {
	got := []string{}
	for _, e := range r.events {
		for _, k := range kinds {
			if _, rest, _ := strings.Cut(e, " "); strings.HasPrefix(rest, k.String()+" ") {
				got = append(got, e)
			}
		}
	}
	return got
}

// The beginning of a ClientHello and of a ServerHello, with five bytes of
// their content.
const (
	hello  = `\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03`
	answer = `\x16\x03\x03\x00\x05\x02\x00\x00\x01\x03`
)
