package session_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailtap/mailtap/dissect"
)

// What stood for the mechanism is hidden in the server's answer, too, in any case
// of its letters.
func TestMechanismRepeated(t *testing.T) {
	tests := []struct {
		name string
		port uint16
		text string
		want string
	}{
		{"smtp", 25, "1: 220 mx ESMTP\n0: EHLO pc\n1: 250 mx\n0: AUTH hunter2\n1: 504 no HUNTER2 here", "server: 504 no ..."},
		{"pop3", 110, "1: +OK POP3\n0: AUTH hunter2\n1: -ERR no HUNTER2 here", "server: -ERR no ..."},
		{"imap", 143, "1: * OK IMAP ready\n0: a AUTHENTICATE hunter2\n1: a NO no HUNTER2 here", "server: a NO no ..."},
		{"managesieve", 4190, `1: "IMPLEMENTATION" "x"` + "\n1: OK\n" + `0: AUTHENTICATE "hunter2"` + "\n" + `1: NO "no HUNTER2 here"`, `server: NO "no ...`},
	}
	for _, tt := range tests {
		r := newRun(t, [2]uint16{40000, tt.port}, false).play(tt.text + "\nend")
		if len(r.facts.Auth) != 1 || len(r.facts.Auth[0].Quotes) != 2 {
			t.Errorf("%s: attempts %v", tt.name, r.facts.Auth)
			continue
		}
		if got := r.facts.Auth[0].Quotes[1].String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Where bytes were lost, a challenge may answer another AUTH: what stood for the
// mechanism stays hidden.
func TestMechanismInDoubt(t *testing.T) {
	tests := []struct {
		name string
		port uint16
		text string
	}{
		{"smtp", 25, "1: 220 mx ESMTP\n0: EHLO pc\n1! 8\n0: AUTH hunter2\n1: 334 "},
		{"pop3", 110, "1: +OK POP3\n0: CAPA\n1! 8\n0: AUTH hunter2\n1: + "},
		{"imap", 143, "1: * OK IMAP ready\n0! 14\n0: a AUTHENTICATE hunter2\n1: + "},
		{"managesieve", 4190, `1: "IMPLEMENTATION" "x"` + "\n1: OK\n0! 14\n" + `0: AUTHENTICATE "hunter2"` + "\n" + `1: ""`},
	}
	for _, tt := range tests {
		r := newRun(t, [2]uint16{40000, tt.port}, false).play(tt.text + "\nend")
		if len(r.facts.Auth) != 1 || r.facts.Auth[0].Mechanism != dissect.UnknownMechanism {
			t.Errorf("%s: attempts %v", tt.name, r.facts.Auth)
		}
	}
}

// What stands for a mechanism and is the name of none may be a password, or the
// account before it. It is shown only where the server has listed it, or goes on
// with it.
func TestMechanismHidden(t *testing.T) {
	const (
		smtp = "1: 220 mx ESMTP\n0: EHLO pc\n1: 250-mx\n1: 250 AUTH PLAIN X-OURS\n"
		pop3 = "1: +OK POP3\n0: CAPA\n1: +OK\n1: SASL PLAIN X-OURS\n1: .\n"
		imap = "1: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=X-OURS] ready\n"
		sift = `1: "IMPLEMENTATION" "x"` + "\n" + `1: "SASL" "PLAIN X-OURS"` + "\n1: OK\n"
	)
	tests := []struct {
		name      string
		port      uint16
		text      string
		mechanism string
		line      string
	}{
		{"smtp password", 25, smtp + "0: AUTH hunter2\n1: 504 what", "unknown", "client: AUTH ..."},
		{"smtp account and password", 25, smtp + "0: AUTH joe hunter2\n1: 504 what", "unknown", "client: AUTH ..."},
		{"smtp accepted", 25, smtp + "0: AUTH hunter2\n1: 235 in", "unknown", "client: AUTH ..."},
		{"smtp unanswered", 25, smtp + "0: AUTH hunter2", "unknown", "client: AUTH ..."},
		{"smtp registered", 25, smtp + "0: auth securid\n1: 504 what", "SECURID", "client: auth securid"},
		{"smtp listed", 25, smtp + "0: AUTH x-ours\n1: 504 what", "X-OURS", "client: AUTH x-ours"},
		{"smtp listed, with a response", 25, smtp + "0: AUTH X-Ours am9l\n1: 504 what", "X-OURS", "client: AUTH X-Ours..."},
		{"smtp answered", 25, smtp + "0: AUTH x-theirs\n1: 334 go on\n0: am9l\n1: 535 no", "X-THEIRS", "client: AUTH ..."},
		{"smtp the beginning of one that is listed", 25, smtp + "0: AUTH X-OUR\n1: 504 what", "unknown", "client: AUTH ..."},
		{"pop3 password", 110, pop3 + "0: AUTH  hunter2\n1: -ERR what", "unknown", "client: AUTH  ..."},
		{"pop3 account and password", 110, pop3 + "0: AUTH joe hunter2\n1: -ERR what", "unknown", "client: AUTH ..."},
		{"pop3 listed", 110, pop3 + "0: AUTH x-ours\n1: -ERR what", "X-OURS", "client: AUTH x-ours"},
		{"pop3 answered", 110, pop3 + "0: AUTH x-theirs\n1: +\n0: am9l\n1: -ERR no", "X-THEIRS", "client: AUTH ..."},
		{"redis on 110", 110, "0: AUTH hunter2\n1: +OK\n0: GET key\n1: $5", "unknown", "client: AUTH ..."},
		{"imap password", 143, imap + "0: a AUTHENTICATE hunter2\n1: a NO what", "unknown", "client: a AUTHENTICATE ..."},
		{"imap account and password", 143, imap + "0: a AUTHENTICATE joe hunter2\n1: a NO what", "unknown", "client: a AUTHENTICATE ..."},
		{"imap listed", 143, imap + "0: a AUTHENTICATE x-ours\n1: a NO what", "X-OURS", "client: a AUTHENTICATE x-ours"},
		{"imap answered", 143, imap + "0: a AUTHENTICATE x-theirs\n1: +\n0: am9l\n1: a NO no", "X-THEIRS", "client: a AUTHENTICATE ..."},
		{"managesieve password", 4190, sift + `0: AUTHENTICATE "hunter2"` + "\n1: NO", "unknown", `client: AUTHENTICATE "..."`},
		{"managesieve account and password", 4190, sift + `0: AUTHENTICATE "joe" "hunter2"` + "\n1: NO", "unknown", `client: AUTHENTICATE "..."`},
		{"managesieve listed", 4190, sift + `0: AUTHENTICATE "x-ours"` + "\n1: NO", "X-OURS", `client: AUTHENTICATE "x-ours"`},
		{"managesieve listed, with a response", 4190, sift + `0: AUTHENTICATE "X-OURS" "am9l"` + "\n1: NO", "X-OURS", `client: AUTHENTICATE "X-OURS..."`},
		{"managesieve answered", 4190, sift + `0: AUTHENTICATE "x-theirs"` + "\n" + `1: ""` + "\n" + `0: "am9l"` + "\n1: NO", "X-THEIRS", `client: AUTHENTICATE "..."`},
	}
	for _, tt := range tests {
		for _, cut := range []int{0, 1, 3} {
			r := newRun(t, [2]uint16{40000, tt.port}, false)
			r.cut = cut
			r.play(tt.text + "\nend")
			if len(r.facts.Auth) != 1 || len(r.facts.Auth[0].Quotes) == 0 {
				t.Errorf("%s, cut %d: attempts %v", tt.name, cut, r.facts.Auth)
				continue
			}
			a := r.facts.Auth[0]
			if diff := cmp.Diff([]string{tt.mechanism, tt.line}, []string{a.Mechanism, a.Quotes[0].String()}); diff != "" {
				t.Errorf("%s, cut %d (-want +got):\n%s", tt.name, cut, diff)
			}
		}
	}
}
