package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/alerts/rules"
)

const samples = "../../samples"

// object is any line of --format jsonl.
type object struct {
	Type, Rule, Protocol, Transport, Verdict, Severity, Session, ID string
	Client, Server                                                  string
	Account                                                         *string
	Auth                                                            []struct {
		Mechanism string
		Account   *string
		Secret    *string
		Outcome   string
		Packet    uint64
	}
	Evidence []struct {
		File   string
		Packet uint64
		Text   string
	}
	Damaged []string
}

// mailtap runs a command line and returns what it wrote.
func mailtap(t testing.TB, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, diag bytes.Buffer
	env := &environment{stdin: strings.NewReader(""), stdout: &out, stderr: &diag, getenv: func(string) string { return "" }}
	if got := run(args, env); got != want {
		t.Fatalf("mailtap %s: exit status %d, want %d\n%s", strings.Join(args, " "), got, want, diag.String())
	}
	return out.String(), diag.String()
}

func objects(t testing.TB, jsonl string) []object {
	t.Helper()
	var list []object
	for line := range strings.Lines(jsonl) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, o)
	}
	return list
}

// TestSamples holds every sample against samples/want.txt.
func TestSamples(t *testing.T) {
	want := wanted(t)
	files, err := filepath.Glob(filepath.Join(samples, "*.pcap"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			out, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", file)
			if diff := cmp.Diff(want[name], found(objects(t, out), name)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name := range want {
		if !slices.Contains(files, filepath.Join(samples, name)) {
			t.Errorf("want.txt names %s, which is not there", name)
		}
	}
}

// wanted reads want.txt: per file its lines, findings of a session sorted, and
// only those of rules that exist.
func wanted(t *testing.T) map[string][]string {
	b, err := os.ReadFile(filepath.Join(samples, "want.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if words[0] == "finding" && rules.Find(words[2]) == nil {
			continue
		}
		want[words[1]] = append(want[words[1]], strings.Join(words, " "))
	}
	for _, lines := range want {
		sortFindings(lines)
	}
	return want
}

// found writes what was found in the form of want.txt.
func found(list []object, name string) []string {
	var lines []string
	for _, o := range list {
		switch o.Type {
		case "session":
			client := o.Client[:strings.LastIndex(o.Client, ":")]
			lines = append(lines, fmt.Sprintf("session %s %s %s %s %s %s", name, o.Protocol, strings.Trim(client, "[]"), o.Server, o.Transport, o.Verdict))
			for _, a := range o.Auth {
				lines = append(lines, fmt.Sprintf("auth %s %s %s %s", name, a.Mechanism, orDash(a.Account), a.Outcome))
			}
		case "finding":
			lines = append(lines, fmt.Sprintf("finding %s %s %s", name, o.Rule, orDash(o.Account)))
		}
	}
	sortFindings(lines)
	return lines
}

// sortFindings sorts the findings of each session.
func sortFindings(lines []string) {
	for from := 0; from < len(lines); {
		to := from
		for to < len(lines) && strings.HasPrefix(lines[to], "finding ") {
			to++
		}
		slices.Sort(lines[from:to])
		from = to + 1
	}
}

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}
