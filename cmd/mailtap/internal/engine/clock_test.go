package engine_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/capture"
	"github.com/mailtap/mailtap/cmd/mailtap/internal/engine"
	"github.com/mailtap/mailtap/dissect"
)

// The host's clock is set while a session is under way, and the live clock
// with it: the session is followed all the same, set back by any time, or
// forward by less than a session may be silent.
func TestClockIsSet(t *testing.T) {
	want := replayed(t, 0)
	if len(want) == 0 {
		t.Fatal("no sessions")
	}
	for _, by := range []time.Duration{-365 * 24 * time.Hour, -24 * time.Hour, -11 * time.Second, -time.Second, time.Second, 50 * time.Minute} {
		t.Run(by.String(), func(t *testing.T) {
			if diff := cmp.Diff(want, replayed(t, by)); diff != "" {
				t.Errorf("(-as it was +set):\n%s", diff)
			}
		})
	}
	// Forward by more, the session before ends as if it had been silent, and
	// the rest is one that is joined late: nothing is told twice.
	for _, by := range []time.Duration{24 * time.Hour, 365 * 24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			logins := 0
			got := replayed(t, by)
			for _, one := range got {
				logins += one.Logins
			}
			if logins > want[0].Logins || len(got) > len(want)+1 {
				t.Errorf("%+v, want at most the log-ins of %+v", got, want)
			}
		})
	}
}

// outline is what a session came to.
type outline struct {
	Server        string
	Logins, Mails int
	Bytes         [2]uint64
}

// replayed takes a capture to an engine, as a live one comes: in the middle the
// clock is set, and the engine is told the time while no packets come.
func replayed(t *testing.T, by time.Duration) (list []outline) {
	t.Helper()
	file, err := capture.Open(filepath.Join("..", "..", "..", "..", "samples", "pop3-userpass.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	e := engine.New(func() []string { return []string{"eth0"} }, func(f *dissect.Facts) {
		list = append(list, outline{fmt.Sprint(f.Server), len(f.Auth), len(f.Messages), f.Bytes})
	})
	const set = 6 // packets before the clock is set: the log-in is under way
	var p capture.Packet
	for n := 0; file.Next(&p) == nil; n++ {
		if n > set {
			p.Time += int64(by)
		}
		e.Packet(&p)
		if n >= set {
			e.Advance(p.Time + int64(50*time.Millisecond))
		}
		if n == set {
			for i := range 20 { // two seconds of silence, told as Next does
				e.Advance(p.Time + int64(by) + int64(i+1)*int64(100*time.Millisecond))
			}
		}
	}
	e.Flush()
	return list
}
