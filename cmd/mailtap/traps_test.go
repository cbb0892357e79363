package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/mailtap/mailtap/alerts/rules"
)

var update = flag.Bool("update", false, "rewrite what is wanted of the traps")

// trapObject is a line of --format jsonl with what only the traps look at.
type trapObject struct {
	object
	Flags    []string
	VLAN     []int
	StartTLS struct {
		Offered, Accepted *bool
		Requested         bool
	}
	Messages []struct {
		From, Subject *string
		To            []string
		Protection    string
	}
	TLS    *struct{ SNI *string }
	Detail map[string]string
}

// shownDetail are the details of a finding that a trap is about.
var shownDetail = []string{"mechanisms", "domain", "workstation", "response"}

// TestTraps plays every dialogue of testdata/traps as packets: what others
// get wrong, and real servers and clients do. A file has sections
//
//	dialogue [port=N] [vlan=N.N] [late] [only=client|server] [after=D] [offload]
//	want
//
// one dialogue a connection, one after another.
func TestTraps(t *testing.T) {
	files, err := filepath.Glob("testdata/traps/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d traps, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { trap(t, file) })
	}
}

func trap(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
		}
	}
	got := playTrap(t, archive, 0)
	for _, cut := range []int{1, 7} {
		if diff := cmp.Diff(got, playTrap(t, archive, cut)); diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", cut, diff)
		}
	}
	if *update {
		if len(existing(want)) < strings.Count(want, "\n") {
			t.Log("wants rules that are not in the table: not rewritten")
			return
		}
		rewriteWant(t, file, archive, got)
		return
	}
	if diff := cmp.Diff(existing(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// longSegment is the length from which a segment is not cut: it would only
// make many packets of the same.
const longSegment = 4096

// playTrap plays the dialogues of a file, and cuts each segment every so many
// bytes, unless that is 0.
func playTrap(t *testing.T, archive *txtar.Archive, cut int) []string {
	t.Helper()
	return trapLines(analyzeTrap(t, recordTrap(t, archive, cut)))
}

// recordTrap writes the dialogues of a file as packets.
func recordTrap(t *testing.T, archive *txtar.Archive, cut int) *wire {
	t.Helper()
	w := newWire(t)
	for number, f := range archive.Files {
		if f.Name == "want" {
			continue
		}
		c := parseConnection(t, w, f.Name, string(f.Data))
		c.number = number
		if cut > 0 {
			c.segments = cutSegments(c.segments, cut)
		}
		w.add(c)
	}
	return w
}

func analyzeTrap(t *testing.T, w *wire) []trapObject {
	t.Helper()
	out, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--show-secrets", "--format", "jsonl", w.file("trap.pcap"))
	return parseLines[trapObject](t, out)
}

func cutSegments(whole []segment, cut int) []segment {
	var list []segment
	for _, s := range whole {
		if len(s.data) >= longSegment {
			list = append(list, s)
			continue
		}
		for piece := range slices.Chunk(s.data, cut) {
			list = append(list, segment{s.server, piece})
		}
	}
	return list
}

// parseConnection reads a section's name and its dialogue.
func parseConnection(t *testing.T, w *wire, name, text string) *connection {
	t.Helper()
	segments, err := parseDialogue(text)
	if err != nil {
		t.Fatal(err)
	}
	c := &connection{port: 25, segments: segments}
	words := strings.Fields(name)
	for _, option := range words[1:] {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "port":
			c.port = number(t, value)
		case "vlan":
			for id := range strings.SplitSeq(value, ".") {
				c.vlans = append(c.vlans, number(t, id))
			}
		case "late":
			c.late = true
		case "only":
			c.only = value
		case "offload":
			c.offload = true
		case "after":
			pause, err := time.ParseDuration(value)
			if err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(pause)
		default:
			t.Fatalf("unknown option %q", option)
		}
	}
	if words[0] != "dialogue" {
		t.Fatalf("unknown section %q", name)
	}
	return c
}

func number(t *testing.T, s string) uint16 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

// existing drops the wanted findings of rules that are not in the table.
func existing(want string) []string {
	var lines []string
	for line := range strings.Lines(want) {
		line = strings.TrimRight(line, "\n")
		if words := strings.Fields(line); len(words) > 1 && words[0] == "finding" && rules.Find(words[1]) == nil {
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// trapLines writes what was found as the wanted lines are written: sessions in
// the order in which they ended, the findings of each sorted.
func trapLines(list []trapObject) []string {
	var lines []string
	for i := range list {
		switch o := &list[i]; o.Type {
		case "session":
			lines = append(lines, sessionLines(o)...)
		case "finding":
			line := fmt.Sprintf("finding %s %s %s", o.Rule, o.Severity, quoted(o.Account))
			for _, key := range shownDetail {
				if value, ok := o.Detail[key]; ok {
					line += fmt.Sprintf(" %s=%q", key, value)
				}
			}
			lines = append(lines, line)
		}
	}
	sortFindings(lines)
	return lines
}

func sessionLines(o *trapObject) []string {
	s := o.StartTLS
	line := fmt.Sprintf("session %s %s %s, starttls %s %s %s", o.Protocol, o.Transport, o.Verdict,
		word(s.Offered, "offered"), word(&s.Requested, "requested"), word(s.Accepted, "accepted"))
	for _, f := range o.Flags {
		line += " " + f
	}
	for _, id := range o.VLAN {
		line += fmt.Sprintf(" vlan-%d", id)
	}
	lines := []string{line}
	if o.TLS != nil {
		lines = append(lines, "tls sni "+quoted(o.TLS.SNI))
	}
	for _, a := range o.Auth {
		lines = append(lines, fmt.Sprintf("auth %s %s secret %s %s", a.Mechanism, quoted(a.Account), quoted(a.Secret), a.Outcome))
	}
	for _, m := range o.Messages {
		line := fmt.Sprintf("message from %s to %s subject %s", quoted(m.From), strings.Join(m.To, " "), quoted(m.Subject))
		if m.Protection != "none" {
			line += " " + m.Protection
		}
		lines = append(lines, line)
	}
	return lines
}

// word spells an answer that may be unknown: "offered", "not-offered" or
// "offered-unknown".
func word(answer *bool, what string) string {
	switch {
	case answer == nil:
		return what + "-unknown"
	case *answer:
		return what
	}
	return "not-" + what
}

// quoted is "-" for what is not known. Long text is cut, and its length told.
func quoted(s *string) string {
	const most = 40
	switch {
	case s == nil:
		return "-"
	case len(*s) > most:
		return fmt.Sprintf("%q...%d", (*s)[:most], len(*s))
	}
	return strconv.Quote(*s)
}

// parseLines reads JSON lines.
func parseLines[T any](t *testing.T, jsonl string) []T {
	t.Helper()
	var list []T
	for line := range strings.Lines(jsonl) {
		var o T
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, o)
	}
	return list
}

// rewriteWant replaces the wanted lines. It leaves a file alone that wants
// rules which are not in the table yet: they would be lost.
func rewriteWant(t *testing.T, file string, archive *txtar.Archive, got []string) {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	if i < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: "want"})
		i = len(archive.Files) - 1
	}
	archive.Files[i].Data = []byte(strings.Join(got, "\n") + "\n")
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
