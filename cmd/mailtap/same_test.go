package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/mailtap/mailtap/alerts/rules"
)

// analyzed returns the JSON lines of captures that are analysed without a
// database.
func analyzed(t *testing.T, files ...string) string {
	t.Helper()
	args := append([]string{"analyze", "--db", "none", "--quiet", "--format", "jsonl"}, files...)
	out, diag := mailtap(t, statusDone, args...)
	if diag != "" {
		t.Errorf("%s", diag)
	}
	return out
}

// sortedLines returns the lines of sessions and findings, sorted.
func sortedLines(jsonl ...string) []string {
	var lines []string
	for line := range strings.Lines(strings.Join(jsonl, "")) {
		if !strings.HasPrefix(line, `{"type":"summary"`) {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// ids returns what was found without where it was found: the ids of sessions
// and findings, which say who, when and what.
func ids(t *testing.T, jsonl string) []string {
	t.Helper()
	var list []string
	for _, o := range objects(t, jsonl) {
		if o.ID != "" {
			list = append(list, strings.TrimSpace(strings.Join([]string{o.ID, o.Verdict, o.Rule, o.Severity}, " ")))
		}
	}
	slices.Sort(list)
	return list
}

func sampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(samples, "*.pcap"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	return files
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A folder gives what its files give one by one.
func TestFolderIsTheUnionOfItsFiles(t *testing.T) {
	var each []string
	for _, file := range sampleFiles(t) {
		each = append(each, analyzed(t, file))
	}
	alone, together := ofOneSession(sortedLines(each...)), ofOneSession(sortedLines(analyzed(t, samples)))
	if diff := cmp.Diff(alone, together); diff != "" {
		t.Errorf("(-files +folder):\n%s", diff)
	}
}

// ofOneSession leaves out the findings of rules that remember earlier sessions:
// in a folder there are more of them.
func ofOneSession(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool {
		return slices.ContainsFunc(rules.Rules, func(r rules.Rule) bool {
			return r.Recall != nil && strings.Contains(line, `"rule":"`+r.ID+`"`)
		})
	})
}

// splitCapture cuts a little-endian pcap file before its packet n, from 0.
// It returns nil where there are not so many.
func splitCapture(file []byte, n int) (before, after []byte) {
	const fileHeader, packetHeader = 24, 16
	off := fileHeader
	for range n {
		if off >= len(file) {
			break
		}
		off += packetHeader + int(binary.LittleEndian.Uint32(file[off+8:]))
	}
	if off >= len(file) {
		return nil, nil
	}
	return file[:off:off], slices.Concat(file[:fileHeader], file[off:])
}

// A session crosses from one rotated file to the next, wherever the cut is.
func TestRotatedFiles(t *testing.T) {
	for _, name := range []string{"imap-login.pcap", "smtp-auth-login.pcap", "pop3-userpass.pcap", "starttls-refused.pcap"} {
		t.Run(name, func(t *testing.T) {
			whole := readFile(t, filepath.Join(samples, name))
			want := ids(t, analyzed(t, filepath.Join(samples, name)))
			dir := t.TempDir()
			one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
			cuts, crossed := 0, 0
			for n := 1; ; n++ {
				before, after := splitCapture(whole, n)
				if before == nil {
					break
				}
				out := analyzed(t, writeFile(t, two, after), writeFile(t, one, before))
				if diff := cmp.Diff(want, ids(t, out)); diff != "" {
					t.Errorf("cut before packet %d (-whole +cut):\n%s", n+1, diff)
				}
				cuts++
				crossed += strings.Count(out, fmt.Sprintf(`"files":[%q,%q]`, one, two))
			}
			if crossed < cuts/2 {
				t.Errorf("%d cuts, and only %d sessions that cross one", cuts, crossed)
			}
		})
	}
}

// The same input again gives the same bytes, and adds nothing to what is
// stored.
func TestTwice(t *testing.T) {
	db := filepath.Join(t.TempDir(), "mailtap.db")
	again := func() (out string, stored []string) {
		out, _ = mailtap(t, statusDone, "analyze", "--db", db, "--quiet", "--format", "jsonl", samples)
		for _, list := range []string{"sessions", "findings", "cases"} {
			rows, _ := mailtap(t, statusDone, list, "--db", db, "--format", "jsonl", "--limit", "0")
			if strings.Count(rows, "\n") < 20 {
				t.Fatalf("only %d %s", strings.Count(rows, "\n"), list)
			}
			stored = append(stored, rows)
		}
		return out, stored
	}
	first, stored := again()
	second, storedAgain := again()
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("output (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(stored, storedAgain); diff != "" {
		t.Errorf("stored (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(sortedLines(analyzed(t, samples)), sortedLines(first)); diff != "" {
		t.Errorf("output (-without a database +with one):\n%s", diff)
	}
}

func TestCompressed(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	pack := map[string]func([]byte) []byte{
		"gz": func(b []byte) []byte {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			w.Write(b)
			w.Close()
			return packed.Bytes()
		},
		"zst": func(b []byte) []byte { return encoder.EncodeAll(b, nil) },
	}
	for suffix, pack := range pack {
		t.Run(suffix, func(t *testing.T) {
			sameAs(t, func(file, dir string) string {
				return writeFile(t, filepath.Join(dir, "packed."+suffix), pack(readFile(t, file)))
			})
		})
	}
}

func TestPcapng(t *testing.T) {
	editcap, err := exec.LookPath("editcap")
	if err != nil {
		t.Skip("needs editcap of Wireshark")
	}
	sameAs(t, func(file, dir string) string {
		name := filepath.Join(dir, "copy.pcapng")
		if out, err := exec.CommandContext(t.Context(), editcap, "-F", "pcapng", file, name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return name
	})
}

// sameAs holds a few samples against copies of them in another format.
func sameAs(t *testing.T, convert func(file, dir string) string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"imap-ipv6.pcap", "ntlm.pcap", "password-guessing.pcap", "starttls.pcap"} {
		file := filepath.Join(samples, name)
		want := ids(t, analyzed(t, file))
		if len(want) == 0 {
			t.Fatalf("%s: nothing found", name)
		}
		if diff := cmp.Diff(want, ids(t, analyzed(t, convert(file, dir)))); diff != "" {
			t.Errorf("%s (-as it is +copy):\n%s", name, diff)
		}
	}
}
