package traffic

import (
	"strconv"
	"strings"
)

var imapEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// imapSession lays out a session of IMAP (RFC 3501).
func (g *generator) imapSession(f *flow, messages int) {
	g.open(f, imapServer)
	capabilities := "IMAP4rev1 LITERAL+"
	if g.chance(offeredRate) {
		capabilities += " STARTTLS"
	}
	f.line(server, "* OK [CAPABILITY ", capabilities, "] ", f.hostName(), " ready")
	if g.chance(500) {
		f.line(client, "a0 CAPABILITY")
		f.line(server, "* CAPABILITY ", capabilities)
		f.line(server, "a0 OK Capability completed")
	}
	if g.attempts(f, imapServer, g.imapLogin) && messages > 0 {
		g.imapFetch(f, messages)
	}
	f.line(client, "z9 LOGOUT")
	f.line(server, "* BYE Logging out")
	f.line(server, "z9 OK Logout completed")
}

// imapLogin is one LOGIN in one of the forms that RFC 3501, section 4.3, and
// RFC 7888 give to its words.
func (g *generator) imapLogin(f *flow, account string, accept bool) Credential {
	c := Credential{Mechanism: "LOGIN-CMD"}
	tag := "a" + strconv.Itoa(len(f.logins)+1)
	switch g.below(4) {
	case 0:
		c.Secret = g.secret(atomCharacters)
		f.line(client, tag, " LOGIN ", account, " ", c.Secret)
	case 1:
		c.Secret = g.secret(quotedCharacters)
		f.line(client, tag, ` LOGIN "`, account, `" "`, imapEscapes.Replace(c.Secret), `"`)
	case 2:
		c.Secret = g.secret(quotedCharacters)
		f.line(client, tag, " LOGIN {", strconv.Itoa(len(account)), "}")
		f.line(server, "+ OK")
		f.line(client, account, " {", strconv.Itoa(len(c.Secret)), "}")
		f.line(server, "+ OK")
		f.line(client, c.Secret)
	case 3:
		c.Secret = g.secret(quotedCharacters)
		f.line(client, tag, " LOGIN {", strconv.Itoa(len(account)), "+}")
		f.line(client, account, " {", strconv.Itoa(len(c.Secret)), "+}")
		f.line(client, c.Secret)
	}
	if accept {
		f.line(server, tag, " OK Logged in")
	} else {
		f.line(server, tag, " NO [AUTHENTICATIONFAILED] Authentication failed")
	}
	return c
}

func (g *generator) imapFetch(f *flow, messages int) {
	f.line(client, "b1 SELECT INBOX")
	f.line(server, "* ", strconv.Itoa(messages), " EXISTS")
	f.line(server, "b1 OK [READ-WRITE] Select completed")
	for i := 1; i <= messages; i++ {
		n := strconv.Itoa(i)
		m := g.message(f)
		f.line(client, "c", n, " UID FETCH ", n, " (UID BODY[])")
		f.line(server, "* ", n, " FETCH (UID ", n, " BODY[] {", m.size(), "}")
		f.content(server, &m)
		f.line(server, ")")
		f.line(server, "c", n, " OK Fetch completed")
	}
}
