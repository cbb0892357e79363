package main

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/mailtap/mailtap/capture"
)

// What a capture sends on while it runs holds no secret either, also where its
// own output does.
func TestSecretsAreNotSentOn(t *testing.T) {
	shown, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--format", "jsonl", "--show-secrets", samples)
	needles := secretForms(t, shown, analyzed(t, samples))
	receiver, received := receive(t)
	dir := t.TempDir()
	eve := filepath.Join(dir, "eve.json")

	env := &environment{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	r, err := newRunner(env, &runOptions{
		database: filepath.Join(dir, "mailtap.db"), format: formatJSONL, minSeverity: "info", showSecrets: true, quiet: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := openOutputs(r, &outputOptions{eve: eve, syslog: "tcp://" + receiver})
	if err != nil {
		t.Fatal(err)
	}
	a := &asker{chain: capture.NewChain(sampleFiles(t))}
	r.begin(a.files)
	err = readAll(t.Context(), r, a)
	a.close()
	if err := r.end(err); err != nil {
		t.Fatal(err)
	}
	out.close()
	trails := []trail{{"--eve", readFile(t, eve)}, {"--syslog", <-received}}
	for _, trail := range trails {
		if n := bytes.Count(trail.bytes, []byte("olga")); n == 0 {
			t.Errorf("%s: no finding of an account in %d bytes", trail.where, len(trail.bytes))
		}
	}
	searchAll(t, needles, trails)
}

// receive takes what one connection sends, until its end.
func receive(t *testing.T) (address string, received <-chan []byte) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	all := make(chan []byte, 1)
	go func() {
		defer close(all)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b, _ := io.ReadAll(conn) // what came before an error counts
		all <- b
	}()
	return listener.Addr().String(), all
}
