package main

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
)

// echoed is the password of dialogues in which it is said again in every place
// that is kept: greeting, names, replies, mechanisms, addresses, subjects,
// and as BASE64 that does not decode. Only accounts are kept as they are.
const echoed = "Zebra9+quagga"

var echoes = map[uint16]string{
	587: `S: 220 mx.example Zebra9+quagga
C: EHLO Zebra9+quagga
S: 250-mx.example Hello Zebra9+quagga
S: 250-STARTTLS
S: 250 AUTH PLAIN LOGIN Zebra9+quagga
C: AUTH PLAIN {b64:\x00joe\x00Zebra9+quagga}
S: 535 {b64:Zebra9+quagga} is not the password
C: AUTH PLAIN Zebra9+quagga
S: 501 cannot decode Zebra9+quagga
C: AUTH LOGIN {b64:joe}
S: 334 {b64:Zebra9+quagga:}
C: {b64:Zebra9+quagga}
S: 535 no
C: AUTH Zebra9+quagga
S: 504 no mechanism Zebra9+quagga
C: AUTH XOAUTH2 {b64:user=joe\x01auth=Bearer Zebra9+quagga\x01\x01}
S: 535 no
C: STARTTLS Zebra9+quagga
S: 501 Zebra9+quagga
C: MAIL FROM:<Zebra9+quagga@a.example>
S: 250 ok
C: RCPT TO:<b@Zebra9+quagga.example>
S: 250 ok
C: DATA
S: 354 go on
C- Subject: my password is Zebra9+quagga\r\n\r\n.\r\n
S: 250 ok
C: QUIT
S: 221 Zebra9+quagga
`,
	143: `S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=Zebra9+quagga] Zebra9+quagga
C: a0 LOGIN joe "Zebra9+quagga"
S: a0 NO [ALERT] not Zebra9+quagga
C: a1 LOGIN joe {13}
S: + Zebra9+quagga
C: Zebra9+quagga
S: a1 OK welcome Zebra9+quagga
C: a2 SELECT "Zebra9+quagga"
S: a2 OK [READ-WRITE] Zebra9+quagga
C: a3 FETCH 1 ENVELOPE
S: * 1 FETCH (ENVELOPE (NIL "Zebra9+quagga" ((NIL NIL "joe" "Zebra9+quagga")) NIL NIL ((NIL NIL "b" "b.example")) NIL NIL NIL NIL))
S: a3 OK
C: a4 LOGOUT
S: * BYE Zebra9+quagga
S: a4 OK
`,
	110: `S: +OK Zebra9+quagga
C: USER joe
S: +OK Zebra9+quagga
C: PASS Zebra9+quagga
S: -ERR not Zebra9+quagga
C: USER joe
S: +OK Zebra9+quagga
C: PASS Zebra9+quagga
S: +OK
C: RETR 1
S- +OK Zebra9+quagga\r\nFrom: Zebra9+quagga@a.example\r\nSubject: =?utf-8?B?{b64:Zebra9+quagga}?=\r\n\r\n.\r\n
C: QUIT
S: +OK
`,
}

func TestEchoedSecret(t *testing.T) {
	w := newWire(t)
	for _, port := range []uint16{587, 143, 110} {
		segments, err := parseDialogue(echoes[port])
		if err != nil {
			t.Fatal(err)
		}
		w.add(&connection{port: port, segments: segments})
	}
	file, dir := w.file("echoes.pcap"), t.TempDir()
	needles := map[string]string{
		"plain": echoed, "BASE64": base64.RawStdEncoding.EncodeToString([]byte(echoed)),
		"PLAIN": base64.RawStdEncoding.EncodeToString([]byte("\x00joe\x00" + echoed)),
	}
	shown, _ := mailtap(t, statusDone, "analyze", "--db", "none", "--quiet", "--show-secrets", "--format", "jsonl", file)
	if n := strings.Count(shown, echoed); n < 30 {
		t.Errorf("shown only %d times", n)
	}
	for _, format := range []string{formatTable, formatJSONL} {
		out, diag := mailtap(t, statusDone, "analyze", "--db", filepath.Join(dir, "mailtap.db"), "--format", format, file)
		searchAll(t, needles, []trail{{"analyze --format " + format, []byte(out + diag)}})
	}
	searchAll(t, needles, append(lists(t, dir), files(t, dir)...))
}
