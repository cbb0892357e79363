package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailtap/mailtap/alerts"
)

// leastSecret is the length from which a secret is looked for: a shorter one
// stands in many a text by chance.
const leastSecret = 4

// trail is what a run has left somewhere: its output, or a file.
type trail struct {
	where string
	bytes []byte
}

// No password, token or response is left anywhere by a run that does not show
// them, and by one that does nowhere but in its own output.
func TestSecretsStayNowhere(t *testing.T) {
	shown, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", "--show-secrets", samples)
	masked := analyzed(t, samples)
	needles := secretForms(t, shown, masked)
	if len(needles) < 100 {
		t.Fatalf("only %d forms of secrets in the samples", len(needles))
	}
	searchFinds(t, needles, shown)

	t.Run("hidden", func(t *testing.T) {
		dir := t.TempDir()
		searchAll(t, needles, append(outputs(t, dir), files(t, dir)...))
		searchAll(t, needles, []trail{packets(t, dir)})
	})
	t.Run("shown", func(t *testing.T) {
		dir := t.TempDir()
		for _, format := range []string{formatTable, formatJSONL} {
			out, diag := mailtap(t, statusDone, "analyze", "--db", filepath.Join(dir, "mailtap.db"), "--show-secrets", "--format", format, samples)
			if format == formatJSONL && holds(needles, []byte(out)) == "" {
				t.Error("--show-secrets shows none")
			}
			searchAll(t, needles, []trail{{"stderr", []byte(diag)}})
		}
		searchAll(t, needles, append(lists(t, dir), files(t, dir)...))
		searchAll(t, needles, []trail{packets(t, dir)})
	})
	t.Run("write-ahead-log", func(t *testing.T) {
		dir := t.TempDir()
		log := &logWatcher{file: filepath.Join(dir, "mailtap.db-wal")}
		env := &environment{stdin: strings.NewReader(""), stdout: log, stderr: io.Discard, getenv: func(string) string { return "" }}
		if got := run([]string{"analyze", "--db", filepath.Join(dir, "mailtap.db"), "--show-secrets", "--format", "jsonl", samples}, env); got != statusDone {
			t.Fatalf("exit status %d", got)
		}
		// An account is there, so a secret would be, too.
		if !bytes.Contains(log.seen, []byte("olga")) {
			t.Errorf("a log of %d bytes without an account", len(log.seen))
		}
		searchAll(t, needles, []trail{{"write-ahead log", log.seen}})
	})
}

// searchFinds proves that the search can find something: every secret stands
// in the output that shows secrets, everything that was masked stands in the
// captures, and there is a secret of each form in them.
func searchFinds(t *testing.T, needles map[string]string, shown string) {
	t.Helper()
	wire, onWire := rawSamples(t), map[string]int{}
	for what, needle := range needles {
		form, _, _ := strings.Cut(what, " ")
		sent := bytes.Contains(wire, []byte(needle))
		if sent {
			onWire[form]++
		}
		if form == "plain" && !strings.Contains(shown, needle) || form == "sent" && !sent {
			t.Errorf("%s: not where it must be", what)
		}
	}
	for _, form := range []string{"plain", "JSON", "BASE64", "response", "sent"} {
		if onWire[form] == 0 {
			t.Errorf("no secret of the form %q in the captures", form)
		}
	}
}

// secretForms returns what must not be found, by what it is: each secret in
// plain, in BASE64 and in JSON, alone and with its account as PLAIN sends them
// (RFC 4616), and everything that was masked, as it crossed the wire.
func secretForms(t *testing.T, shown, masked string) map[string]string {
	t.Helper()
	forms := map[string]string{}
	add := func(what, form string) {
		if len(form) >= leastSecret {
			forms[what] = form
		}
	}
	hidden := objects(t, masked)
	for i, o := range objects(t, shown) {
		for _, a := range o.Auth {
			if a.Secret == nil {
				continue
			}
			who := fmt.Sprintf("%s of %s in %s", a.Mechanism, orDash(a.Account), o.ID)
			add("plain "+who, *a.Secret)
			quoted, _ := json.Marshal(*a.Secret)
			add("JSON "+who, string(quoted[1:len(quoted)-1]))
			add("BASE64 "+who, base64.RawStdEncoding.EncodeToString([]byte(*a.Secret)))
			for _, authzid := range []string{"", orDash(a.Account)} {
				response := authzid + "\x00" + orDash(a.Account) + "\x00" + *a.Secret
				add(fmt.Sprintf("response %q of %s", authzid, who), base64.RawStdEncoding.EncodeToString([]byte(response)))
			}
		}
		for j, e := range o.Evidence {
			before, after, cut := strings.Cut(hidden[i].Evidence[j].Text, alerts.Mask)
			if !cut || strings.Contains(after, alerts.Mask) || !strings.HasPrefix(e.Text, before) || !strings.HasSuffix(e.Text, after) {
				continue
			}
			add(fmt.Sprintf("sent in packet %d of %s", e.Packet, e.File), e.Text[len(before):len(e.Text)-len(after)])
		}
	}
	return forms
}

// rawSamples returns all samples as they are.
func rawSamples(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, file := range sampleFiles(t) {
		all = append(all, readFile(t, file)...)
	}
	return all
}

// logWatcher is a stdout. Results are written once they are stored, and then
// the database's write-ahead log is not yet emptied.
type logWatcher struct {
	file string
	seen []byte // the log when it was longest
}

func (w *logWatcher) Write(b []byte) (int, error) {
	if log, err := os.ReadFile(w.file); err == nil && len(log) > len(w.seen) {
		w.seen = log
	}
	return len(b), nil
}

// outputs analyses all samples into the database of dir, in all formats, and
// a damaged one, and returns what was written, and all lists.
func outputs(t *testing.T, dir string) []trail {
	t.Helper()
	db := filepath.Join(dir, "mailtap.db")
	damaged := writeFile(t, filepath.Join(t.TempDir(), "damaged.pcap"), readFile(t, filepath.Join(samples, "imap-login.pcap"))[:3000])
	var trails []trail
	for _, format := range []string{formatTable, formatJSONL} {
		out, diag := mailtap(t, statusDone, "analyze", "--db", db, "--format", format, samples, damaged)
		trails = append(trails, trail{"analyze --format " + format, []byte(out)}, trail{"its stderr", []byte(diag)})
	}
	return append(trails, lists(t, dir)...)
}

// lists returns what is stored, in all formats.
func lists(t *testing.T, dir string) []trail {
	t.Helper()
	db := filepath.Join(dir, "mailtap.db")
	var trails []trail
	tell := func(args ...string) {
		t.Helper()
		out, diag := mailtap(t, statusDone, append(args, "--db", db)...)
		if len(out) < 100 {
			t.Errorf("%v: only %q", args, out)
		}
		trails = append(trails, trail{strings.Join(args, " "), []byte(out + diag)})
	}
	for _, list := range []string{"findings", "sessions", "cases", "accounts", "clients", "servers"} {
		for _, format := range []string{formatTable, formatJSON, formatJSONL, formatCSV} {
			tell(list, "--format", format, "--limit", "0")
		}
	}
	for format := range exporters {
		tell("export", format)
	}
	tell(append([]string{"case"}, caseIDs(t, db)...)...)
	tell("db", "info")
	out, diag := mailtap(t, statusDone, "judge", "--db", db)
	return append(trails, trail{"judge", []byte(out + diag)})
}

// packets returns the packets of all sessions with findings.
func packets(t *testing.T, dir string) trail {
	t.Helper()
	out, diag := mailtap(t, statusDone, "export", formatPcap, "--db", filepath.Join(dir, "mailtap.db"))
	if len(out) < 100_000 {
		t.Errorf("only %d bytes of packets", len(out))
	}
	return trail{"export pcap", []byte(out + diag)}
}

// caseIDs returns the ids of all cases.
func caseIDs(t *testing.T, db string) (ids []string) {
	t.Helper()
	out, _ := mailtap(t, statusDone, "cases", "--db", db, "--format", "jsonl", "--limit", "0")
	for _, o := range objects(t, out) {
		ids = append(ids, o.ID)
	}
	return ids
}

// files returns the files of a folder: the database, its log, its index, the
// key.
func files(t *testing.T, dir string) []trail {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 2 {
		t.Fatalf("%d files beside the database, %v", len(entries), err)
	}
	var trails []trail
	for _, e := range entries {
		trails = append(trails, trail{e.Name(), readFile(t, filepath.Join(dir, e.Name()))})
	}
	return trails
}

func searchAll(t *testing.T, needles map[string]string, trails []trail) {
	t.Helper()
	for _, trail := range trails {
		if what := holds(needles, trail.bytes); what != "" {
			t.Errorf("%s: holds %s", trail.where, what)
		}
	}
}

// holds names the first needle that is in b.
func holds(needles map[string]string, b []byte) string {
	for what, needle := range needles {
		if bytes.Contains(b, []byte(needle)) {
			return what
		}
	}
	return ""
}

// A password is no part of an error either, where the database cannot be
// written and where nobody takes the output.
func TestSecretsStayOutOfErrors(t *testing.T) {
	shown, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", "--show-secrets", samples)
	needles := secretForms(t, shown, analyzed(t, samples))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	got := program(t, func(cmd *exec.Cmd) { cmd.Stdout = full }, "analyze", "--db", "none", "--show-secrets", "--format", "jsonl", samples)
	if got.status != statusFailed || got.stderr == "" {
		t.Errorf("exit status %d and %q", got.status, got.stderr)
	}
	searchAll(t, needles, []trail{{"stderr", []byte(got.stderr)}})
}
