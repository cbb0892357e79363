package dialogue

import (
	"testing"

	"github.com/mailtap/mailtap/dissect"
)

// LayerWords is how a protocol logs in where a security layer may follow: whole
// lines, with their ends.
type LayerWords struct {
	Greeting string
	LogIn    string // with GSS-SPNEGO, in one line
	Accepted string
	Refused  string
	Again    string // a log-in with PLAIN, in one line
}

// Layers holds that the first byte of a side behind a log-in tells whether a
// layer has begun, unless it was lost.
func Layers(t *testing.T, make func(late bool) Machine, words LayerWords) {
	t.Helper()
	const (
		client, server = dissect.Client, dissect.Server
		frame          = "\x00\x00\x00\x10sealed"
		lost           = ""
	)
	type step struct {
		side dissect.Side
		text string
	}
	tests := []struct {
		name   string
		answer string
		steps  []step
		layer  string
		logIns int
	}{
		{"server first", words.Accepted, []step{{server, frame}, {client, words.Again}}, "GSS-SPNEGO", 1},
		{"client first", words.Accepted, []step{{client, frame}, {client, words.Again}}, "GSS-SPNEGO", 1},
		{"refused", words.Refused, []step{{client, words.Again}, {server, frame}}, "", 2},
		{"none", words.Accepted, []step{{client, words.Again}, {server, frame}}, "", 2},
		{"server lost", words.Accepted, []step{{server, lost}, {server, frame}, {client, frame}, {client, words.Again}}, "GSS-SPNEGO", 1},
		{"server lost, client readable", words.Accepted, []step{{server, lost}, {client, words.Again}}, "", 2},
		{"both lost", words.Accepted, []step{{server, lost}, {client, lost}, {client, frame}, {server, frame}}, "", 1},
		{"a gap in it", words.Accepted, []step{{server, frame}, {client, lost}, {client, words.Again}}, "GSS-SPNEGO", 1},
	}
	for _, tt := range tests {
		m, f := make(false), dissect.Facts{}
		add := func(events []dissect.Event) {
			for i := range events {
				f.Add(&events[i])
			}
		}
		begin := []step{{server, words.Greeting}, {client, words.LogIn}, {server, tt.answer}}
		for _, step := range append(begin, tt.steps...) {
			if step.text == lost {
				add(m.Gap(nil, step.side, 8))
				continue
			}
			events, n := m.Feed(nil, step.side, []byte(step.text))
			add(events)
			if n != len(step.text) {
				t.Errorf("%s: took %d of %d bytes", tt.name, n, len(step.text))
			}
		}
		add(m.End(nil))
		layer := ""
		if f.Signs != nil {
			layer = f.Signs.Layer
		}
		if layer != tt.layer || len(f.Auth) != tt.logIns {
			t.Errorf("%s: layer %q and %d log-ins, want %q and %d", tt.name, layer, len(f.Auth), tt.layer, tt.logIns)
		}
		if accepted := f.Auth[0].Outcome == dissect.Accepted; accepted != (tt.answer == words.Accepted) {
			t.Errorf("%s: outcome %v", tt.name, f.Auth[0].Outcome)
		}
	}
}
