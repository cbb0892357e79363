package traffic

import "strconv"

// popSession lays out a session of POP3 (RFC 1939).
func (g *generator) popSession(f *flow, messages int) {
	g.open(f, popServer)
	f.line(server, "+OK ", f.hostName(), " ready")
	if g.chance(500) {
		f.line(client, "CAPA") // RFC 2449
		f.line(server, "+OK")
		f.line(server, "USER")
		if g.chance(offeredRate) {
			f.line(server, "STLS")
		}
		f.line(server, ".")
	}
	if g.attempts(f, popServer, g.popLogin) && messages > 0 {
		g.popRetrieve(f, messages)
	}
	f.line(client, "QUIT")
	f.line(server, "+OK Bye")
}

func (g *generator) popLogin(f *flow, account string, accept bool) Credential {
	c := Credential{Mechanism: "USER", Secret: g.secret(atomCharacters)}
	f.line(client, "USER ", account)
	f.line(server, "+OK")
	f.line(client, "PASS ", c.Secret)
	if accept {
		f.line(server, "+OK Logged in")
	} else {
		f.line(server, "-ERR [AUTH] Authentication failed")
	}
	return c
}

func (g *generator) popRetrieve(f *flow, messages int) {
	f.line(client, "STAT")
	f.line(server, "+OK ", strconv.Itoa(messages), " ", strconv.Itoa(messages*minMessage))
	for i := 1; i <= messages; i++ {
		n := strconv.Itoa(i)
		m := g.message(f)
		f.line(client, "RETR ", n)
		f.line(server, "+OK ", m.size(), " octets")
		f.content(server, &m)
		f.line(server, ".")
		f.line(client, "DELE ", n)
		f.line(server, "+OK Deleted")
	}
}
