package alerts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// dialogue makes Facts of lines: "C: " or "S: ", a "!" before it where an
// event came of the line.
func dialogue(p dissect.Protocol, lines ...string) *dissect.Facts {
	f := &dissect.Facts{Protocol: p, Dialogue: new(dissect.Room).New()}
	for i, l := range lines {
		telling := strings.HasPrefix(l, "!")
		l = strings.TrimPrefix(l, "!")
		side := dissect.Client
		if strings.HasPrefix(l, "S") {
			side = dissect.Server
		}
		text := []byte(l[3:])
		f.Dialogue.Add(side, uint64(i), text)
		if telling {
			f.Dialogue.Mark(&dissect.Event{Side: side, Start: uint64(i), Line: text})
		}
	}
	return f
}

func said(f *dissect.Facts) (lines []string) {
	for _, q := range f.Transcript {
		lines = append(lines, q.String())
	}
	return lines
}

func TestTranscribe(t *testing.T) {
	var smalltalk []string
	for range 9 {
		smalltalk = append(smalltalk, "C: NOOP", "S: 250 ok")
	}
	tests := []struct {
		name string
		in   *dissect.Facts
		want []string
	}{
		{"nothing telling", dialogue(dissect.SMTP, "S: 220 mx", "C: QUIT", "S: 221 bye"), nil},
		{"all of a short one", dialogue(dissect.SMTP, "!S: 220 mx", "C: NOOP", "S: 250 ok"),
			[]string{"server: 220 mx", "client: NOOP", "server: 250 ok"}},
		{"three lines around", dialogue(dissect.SMTP, append(append(append([]string{}, smalltalk...), "!C: MAIL FROM:<a@b.example>"), smalltalk...)...),
			[]string{"server: 250 ok", "client: NOOP", "server: 250 ok", "client: MAIL FROM:<a@b.example>", "client: NOOP", "server: 250 ok", "client: NOOP"}},
		{"a word out of place", dialogue(dissect.SMTP, "!S: 220 mx", "C: hunter2", "C: data hunter"),
			[]string{"server: 220 mx", "client: ...", "client: data hunter"}},
		{"imap", dialogue(dissect.IMAP, "!S: * OK", "C: a LOGIN joe hunter2", "C: b select INBOX", "C: hunter2"),
			[]string{"server: * OK", "client: ...", "client: b select INBOX", "client: ..."}},
		{"pop3", dialogue(dissect.POP3, "!S: +OK", "C: PASS hunter2", "C: STAT"),
			[]string{"server: +OK", "client: ...", "client: STAT"}},
		{"managesieve", dialogue(dissect.ManageSieve, "!S: OK", `C: AUTHENTICATE "PLAIN" "aHVudGVyMg=="`, "C: NOOP"),
			[]string{"server: OK", "client: ...", "client: NOOP"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			alerts.Transcribe(tt.in)
			if diff := cmp.Diff(tt.want, said(tt.in)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestTranscriptBound: a session of thousands of lines has a short transcript.
func TestTranscriptBound(t *testing.T) {
	var lines []string
	for range dissect.MaxTranscript {
		lines = append(lines, "!C: MAIL FROM:<a@b.example>", "S: 250 ok")
	}
	f := dialogue(dissect.SMTP, lines...)
	alerts.Transcribe(f)
	if len(f.Transcript) != dissect.MaxTranscript {
		t.Errorf("%d lines, want %d", len(f.Transcript), dissect.MaxTranscript)
	}
}

func BenchmarkTranscribe(b *testing.B) {
	f := dialogue(dissect.POP3, "!S: +OK ready", "C: CAPA", "S: +OK", "!S: SASL PLAIN", "S: .", "!C: USER joe", "S: +OK",
		"!C: PASS sesame", "!S: +OK", "!C: STAT", "S: +OK 2 320", "C: QUIT", "S: +OK")
	b.ReportAllocs()
	for b.Loop() {
		alerts.Transcribe(f)
	}
}
