package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// weaklyGreeted tells a greeting that FTP's may be as well (RFC 959, section
// 5.4): a 220 that does not say what it is the greeting of.
func (s *scene) weaklyGreeted(p dissect.Protocol, server uint8, said int) bool {
	return p == dissect.SMTP && !s.late && 0 < said && said < enough && readyCode(s.head[server])
}

// greetedOnly tells that nothing but such a greeting speaks for SMTP on its
// port. What the client says decides, or that it says nothing until the end.
func (s *scene) greetedOnly(v verdict) bool {
	if s.done || v.protocol != dissect.SMTP || tlsRecord(s.head[v.server^1]) {
		return false
	}
	said := s.judge(s.head[v.server], dissect.SMTP, serverWord)
	return s.weaklyGreeted(dissect.SMTP, v.server, said) && s.askedOfSMTP(v.server) == 0
}

// askedOfSMTP tells behind a weak greeting what the client takes the server for:
// above 0 for SMTP, below for something else, 0 where no line has told. A line
// that belongs to nothing does not either, as long as more can come: people type
// wrongly.
func (s *scene) askedOfSMTP(server uint8) int {
	head := s.head[server^1]
	if tlsRecord(head) {
		return 0
	}
	strange := false
	for len(head) > 0 {
		line, rest, whole := bytes.Cut(head, []byte{'\n'})
		if !whole && !s.done {
			break // it may become something else
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		n := smtpCommand(line)
		if n > 0 {
			return n
		}
		if n < 0 && ofFTP(line) {
			return -1
		}
		strange = strange || n < 0
		head = rest
	}
	if s.done && strange || len(s.head[server^1]) == 0 && bytes.Contains(s.head[server], []byte("\n331 ")) {
		return -1
	}
	return 0
}

// ofFTP tells the commands with which clients of FTP begin (RFC 959, section 4.1;
// RFC 2389; RFC 2640; RFC 4217; RFC 7151), and those of IRC (RFC 2812, section
// 3.1).
func ofFTP(line []byte) bool {
	verb, rest := cutVerb(line)
	return anyFold(verb, "USER", "PASS", "ACCT", "FEAT", "SYST", "HOST", "CLNT", "OPTS", "LANG", "TYPE", "PASV", "EPSV", "PORT", "EPRT",
		"CWD", "PWD", "XPWD", "LIST", "RETR", "STOR", "PBSZ", "PROT", "NICK", "CAP", "JOIN") ||
		anyFold(verb, "AUTH") && authOfFTP(rest)
}

// readyCode tells a greeting that begins with 220. No server that takes USER and
// PASS has one but that of FTP.
func readyCode(head []byte) bool {
	code, rest := head[:min(len(head), len("220"))], head[min(len(head), len("220")):]
	return string(code) == "220" && (len(rest) == 0 || bytes.IndexByte([]byte(" -\r\n"), rest[0]) >= 0)
}
