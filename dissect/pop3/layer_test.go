package pop3_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect"
	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/pop3"
)

// Each side's first byte tells whether a layer has begun, unless it was lost.
func TestLayer(t *testing.T) {
	const (
		frame = "\x00\x00\x00\x10sealed"
		login = "AUTH PLAIN AGpvZQBodW50ZXIyMg==\r\n"
	)
	type step struct {
		side dissect.Side
		text string // "" for a gap
	}
	client, server := dissect.Client, dissect.Server
	tests := []struct {
		name   string
		answer string
		steps  []step
		layer  string
		logins int
	}{
		{"server first", "+OK\r\n", []step{{server, frame}, {client, login}}, "GSS-SPNEGO", 1},
		{"client first", "+OK\r\n", []step{{client, frame}, {client, login}}, "GSS-SPNEGO", 1},
		{"refused", "-ERR\r\n", []step{{client, login}, {server, frame}}, "", 2},
		{"none", "+OK\r\n", []step{{client, login}, {server, frame}}, "", 2},
		{"server lost", "+OK\r\n", []step{{server, ""}, {server, frame}, {client, frame}, {client, login}}, "GSS-SPNEGO", 1},
		{"a gap in it", "+OK\r\n", []step{{server, frame}, {client, ""}, {client, login}}, "GSS-SPNEGO", 1},
	}
	for _, tt := range tests {
		s, f := pop3.New([2]uint64{}, false), dissect.Facts{}
		add := func(events []dissect.Event) {
			for i := range events {
				f.Add(&events[i])
			}
		}
		setup := []step{{server, "+OK\r\n"}, {client, "AUTH GSS-SPNEGO eA==\r\n"}, {server, tt.answer}}
		for _, step := range append(setup, tt.steps...) {
			if step.text == "" {
				add(s.Gap(nil, step.side, 8))
				continue
			}
			events, n := s.Feed(nil, step.side, []byte(step.text))
			add(events)
			if n != len(step.text) {
				t.Errorf("%s: took %d of %d bytes", tt.name, n, len(step.text))
			}
		}
		add(s.End(nil))
		layer := ""
		if f.Signs != nil {
			layer = f.Signs.Layer
		}
		if layer != tt.layer || len(f.Auth) != tt.logins {
			t.Errorf("%s: layer %q and %d logins, want %q and %d", tt.name, layer, len(f.Auth), tt.layer, tt.logins)
		}
	}
}

func TestHurtLayers(t *testing.T) { dialogue.HurtFrames(t, "testdata", newSession) }
