package session

import (
	"bytes"

	"github.com/mailtap/mailtap/dissect"
)

// serverWord tells how well a line fits a server of p: 2 strong, 1 weak,
// 0 not at all, -1 it says something else.
func serverWord(line []byte, p dissect.Protocol) int {
	switch p {
	case dissect.SMTP:
		return smtpReply(line)
	case dissect.IMAP:
		return imapReply(line)
	case dissect.POP3:
		return pop3Reply(line)
	case dissect.ManageSieve:
		return sieveReply(line)
	}
	return -1
}

// smtpReply: the codes of RFC 5321, section 4.2.3. FTP greets with 220, too.
func smtpReply(line []byte) int {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]) {
		return -1
	}
	if len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return -1
	}
	switch string(line[:3]) {
	case "220", "554", "421":
		if contains(line, "SMTP") || contains(line, "LMTP") {
			return 2
		}
		host, words := cutVerb(line[min(len(line), 4):])
		if bytes.IndexByte(host, '.') < 0 {
			words = line // it is none: ProFTPD and vsftpd begin with their own name
		}
		if contains(words, "FTP") {
			return -1 // and not only a machine that is called so
		}
		return 1
	case "250", "354", "334", "235", "221", "251", "252", "450", "451", "452", "454", "500", "501", "502", "503", "504", "521", "530", "534", "535", "538", "550", "551", "552", "553", "555":
		return 1
	}
	return -1
}

// pop3Reply: RFC 1939, section 3. Redis says +OK and -ERR, too.
func pop3Reply(line []byte) int {
	switch {
	case hasWord(line, "+OK") && contains(line, "POP3"):
		return 2
	case hasWord(line, "+OK"), hasWord(line, "-ERR"):
		return 1
	}
	return -1
}

// imapReply: RFC 3501, section 7.
func imapReply(line []byte) int {
	if rest, ok := bytes.CutPrefix(line, []byte("* ")); ok {
		word, rest, _ := bytes.Cut(rest, []byte{' '})
		switch {
		case anyFold(word, "OK", "PREAUTH", "BYE", "CAPABILITY", "FLAGS", "LIST", "LSUB", "STATUS", "SEARCH"):
			return 2
		case anyFold(word, "NO", "BAD"): // DavMail greets so where it cannot work
			return 1
		case len(word) > 0 && digit(word[0]):
			word, _, _ = bytes.Cut(rest, []byte{' '})
			if anyFold(word, "EXISTS", "RECENT", "EXPUNGE", "FETCH") {
				return 2
			}
		}
		return -1
	}
	if hasPrefix(line, "+ ") {
		return 0
	}
	tag, rest, ok := bytes.Cut(line, []byte{' '})
	word, _, _ := bytes.Cut(rest, []byte{' '})
	if ok && atom(tag) && anyFold(word, "OK", "NO", "BAD") {
		return 1
	}
	return -1
}

// sieveReply: the capabilities of RFC 5804, section 1.7, and the responses of
// section 1.3.
func sieveReply(line []byte) int {
	switch name, _ := cutVerb(line); {
	case anyFold(name, `"IMPLEMENTATION"`, `"SIEVE"`):
		return 2
	case anyFold(name, `"SASL"`, `"STARTTLS"`, `"NOTIFY"`, `"LANGUAGE"`, `"VERSION"`, `"OWNER"`, `"RENAME"`, `"MAXREDIRECTS"`, `"UNAUTHENTICATE"`):
		return 1
	case anyFold(name, "OK", "NO", "BYE"):
		return 0 // others say so, too
	}
	return -1
}

// clientWord tells how well a line fits a client of p, as serverWord does.
func clientWord(line []byte, p dissect.Protocol) int {
	switch p {
	case dissect.SMTP:
		return smtpCommand(line)
	case dissect.IMAP:
		return imapCommand(line)
	case dissect.POP3:
		return pop3Command(line)
	case dissect.ManageSieve:
		return sieveCommand(line)
	}
	return -1
}

func smtpCommand(line []byte) int {
	verb, rest := cutVerb(line)
	switch {
	case anyFold(verb, "EHLO", "LHLO"):
		return 2
	case anyFold(verb, "MAIL") && hasPrefix(rest, "FROM:"), anyFold(verb, "RCPT") && hasPrefix(rest, "TO:"):
		return 2
	case anyFold(verb, "AUTH") && authOfFTP(rest):
		return -1
	case anyFold(verb, "QUIT", "NOOP", "HELP"), anyFold(verb, "AUTH") && anyFold(rest, "GSSAPI", "KERBEROS_V4"):
		return 0 // FTP says so, too (RFC 2228, section 3)
	case anyFold(verb, "AUTH", "HELO", "STARTTLS", "DATA", "BDAT", "RSET", "VRFY", "EXPN", "ETRN", "TURN", "ATRN", "XCLIENT", "XFORWARD", "X-EXPS", "X-ANONYMOUSTLS", "BURL", "SEND", "SOML", "SAML"):
		return 1
	case len(verb) >= len("XXXX") && len(bytes.Trim(verb, "X")) == 0:
		return 1 // a device on the way has overwritten the command
	}
	return -1
}

// authOfFTP tells the mechanisms of FTP, "TLS", "TLS-C", "SSL" (RFC 4217,
// section 2), which are none of SASL.
func authOfFTP(mechanism []byte) bool {
	return hasPrefix(mechanism, "TLS") || hasPrefix(mechanism, "SSL")
}

func pop3Command(line []byte) int {
	verb, rest := cutVerb(line)
	switch {
	case anyFold(verb, "CAPA", "STLS", "UIDL", "APOP"):
		return 2
	case anyFold(verb, "AUTH") && authOfFTP(rest):
		return -1
	case anyFold(verb, "AUTH", "USER", "PASS", "QUIT", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "LAST", "UTF8", "LANG", "XTND"):
		return 1
	}
	return -1
}

func imapCommand(line []byte) int {
	if anyFold(line, "DONE") {
		return 1
	}
	tag, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || !atom(tag) {
		return -1
	}
	verb, _ := cutVerb(rest)
	if anyFold(verb, "CAPABILITY", "LOGIN", "AUTHENTICATE", "STARTTLS", "LOGOUT", "NOOP", "ID", "SELECT", "EXAMINE", "CREATE", "DELETE",
		"RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "XLIST", "NAMESPACE", "STATUS", "APPEND", "IDLE", "CHECK", "CLOSE", "UNSELECT",
		"EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE", "UID", "ENABLE", "COMPRESS", "GETQUOTAROOT", "GETQUOTA", "SORT", "THREAD") {
		return 1
	}
	return -1
}

func sieveCommand(line []byte) int {
	verb, _ := cutVerb(line)
	if anyFold(verb, "AUTHENTICATE", "STARTTLS", "LOGOUT", "CAPABILITY", "HAVESPACE", "PUTSCRIPT", "LISTSCRIPTS", "SETACTIVE", "GETSCRIPT",
		"DELETESCRIPT", "RENAMESCRIPT", "CHECKSCRIPT", "NOOP", "UNAUTHENTICATE") {
		return 1
	}
	return -1
}

// cutVerb returns the first word of a line and what follows, spaces skipped.
func cutVerb(line []byte) (verb, rest []byte) {
	line = trimLeft(line)
	for i, c := range line {
		if c == ' ' || c == '\t' {
			return line[:i], trimLeft(line[i:])
		}
	}
	return line, nil
}

// trimLeft skips spaces. Package bytes would make a set of them first, each time.
func trimLeft(line []byte) []byte {
	for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		line = line[1:]
	}
	return line
}

// atom tells whether a word can be an IMAP tag (RFC 3501, section 9).
func atom(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`(){%*"\+`), c) >= 0 {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func anyFold(b []byte, words ...string) bool {
	for _, w := range words {
		if len(b) == len(w) && hasPrefix(b, w) {
			return true
		}
	}
	return false
}

// hasPrefix compares without case; prefix is in upper case.
func hasPrefix(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := b[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// hasWord tells whether b begins with a word, whole and without case.
func hasWord(b []byte, word string) bool {
	return hasPrefix(b, word) && (len(b) == len(word) || b[len(word)] == ' ' || b[len(word)] == '\t')
}

// contains looks for a word, which is in upper case, without case.
func contains(line []byte, word string) bool {
	const lower = 'a' - 'A'
	for ; len(line) >= len(word); line = line[1:] {
		if line[0]&^lower == word[0] && hasPrefix(line, word) {
			return true
		}
	}
	return false
}
