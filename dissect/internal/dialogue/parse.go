// Package dialogue reads the dialogues that the protocol machines are tested
// with, and plays them: whole, cut into pieces, with parts missing.
//
// A dialogue is a txtar file with two sections. In "dialogue" each line is one
// turn: "C: text" and "S: text" end with CRLF, "C- text" and "S- text" with
// nothing. Go's escapes \r \n \t \\ \x00 are understood, and {b64:text} stands
// for the BASE64 of text. In "events" stands one event a line, as Run gives
// them; "go test -update" rewrites it.
package dialogue

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/mailtap/mailtap/dissect"
)

// Turn is what one side says before something else happens.
type Turn struct {
	Side dissect.Side
	Data []byte
}

// The sections of a dialogue file.
const (
	dialogueSection = "dialogue"
	eventsSection   = "events"
)

// Parse reads a dialogue file.
func Parse(t testing.TB, file string) (turns []Turn, wantEvents string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		switch f.Name {
		case dialogueSection:
			turns, err = ParseTurns(string(f.Data))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		case eventsSection:
			wantEvents = string(f.Data)
		default:
			t.Fatalf("%s: unknown section %q", file, f.Name)
		}
	}
	if len(turns) == 0 {
		t.Fatalf("%s: no dialogue", file)
	}
	return turns, wantEvents
}

// Seeds returns the dialogue sections of all files of dir, as seeds of a fuzz
// target that reads them with ParseTurns.
func Seeds(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues in %s: %v", dir, err)
	}
	var seeds []string
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if f.Name == dialogueSection {
				seeds = append(seeds, string(f.Data))
			}
		}
	}
	return seeds
}

// writeEvents replaces the events section of a file.
func writeEvents(t testing.TB, file, events string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept []txtar.File
	for _, f := range archive.Files {
		if f.Name != eventsSection {
			kept = append(kept, f)
		}
	}
	archive.Files = append(kept, txtar.File{Name: eventsSection, Data: []byte(events)})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ParseTurns reads the text of a dialogue section. Blank lines are skipped.
func ParseTurns(text string) ([]Turn, error) {
	var turns []Turn
	for i, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		turn, err := parseTurn(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", i+1, line, err)
		}
		turns = append(turns, turn)
	}
	return turns, nil
}

func parseTurn(line string) (Turn, error) {
	var turn Turn
	switch line[0] {
	case 'C':
		turn.Side = dissect.Client
	case 'S':
		turn.Side = dissect.Server
	default:
		return turn, fmt.Errorf("want C or S")
	}
	if len(line) < 2 || line[1] != ':' && line[1] != '-' {
		return turn, fmt.Errorf("want a colon or a dash")
	}
	data, err := expand(strings.TrimPrefix(line[2:], " "))
	if line[1] == ':' {
		data = append(data, "\r\n"...)
	}
	turn.Data = data
	return turn, err
}

const b64Open, b64Close = "{b64:", "}"

// expand replaces {b64:text} and escapes.
func expand(s string) ([]byte, error) {
	var out []byte
	for {
		before, rest, found := strings.Cut(s, b64Open)
		text, err := unescape(before)
		out = append(out, text...)
		if err != nil || !found {
			return out, err
		}
		inner, after, found := strings.Cut(rest, b64Close)
		if !found {
			return out, fmt.Errorf("%s without %s", b64Open, b64Close)
		}
		text, err = unescape(inner)
		if err != nil {
			return out, err
		}
		out = base64.StdEncoding.AppendEncode(out, text)
		s = after
	}
}

func unescape(s string) ([]byte, error) {
	var out []byte
	for s != "" {
		r, multibyte, tail, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			return out, fmt.Errorf("bad escape in %q", s)
		}
		s = tail
		if multibyte {
			out = append(out, string(r)...)
		} else {
			out = append(out, byte(r))
		}
	}
	return out, nil
}
