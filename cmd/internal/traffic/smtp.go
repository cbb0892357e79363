package traffic

import "strconv"

// smtpSession lays out a session of SMTP (RFC 5321), with AUTH (RFC 4954)
// unless it is between servers.
func (g *generator) smtpSession(f *flow, messages int) {
	transfer := messages > 0 && g.chance(transferRate)
	if transfer {
		g.open(f, relay)
	} else {
		g.open(f, submission)
	}
	g.smtpHello(f, !transfer)
	if transfer || g.attempts(f, submission, g.smtpLogin) {
		for range messages {
			g.smtpMessage(f)
		}
	}
	f.line(client, "QUIT")
	f.line(server, "221 2.0.0 Bye")
}

func (g *generator) smtpHello(f *flow, auth bool) {
	host := f.hostName()
	f.line(server, "220 ", host, " ESMTP")
	f.line(client, "EHLO ", "pc", strconv.Itoa(f.host), ".example")
	f.line(server, "250-", host)
	f.line(server, "250-PIPELINING")
	if g.chance(offeredRate) {
		f.line(server, "250-STARTTLS")
	}
	if auth {
		f.line(server, "250-AUTH PLAIN LOGIN")
	}
	f.line(server, "250 8BITMIME")
}

// smtpLogin is one AUTH, with or without an initial response.
func (g *generator) smtpLogin(f *flow, account string, accept bool) Credential {
	c := Credential{Mechanism: "PLAIN", Secret: g.secret(quotedCharacters)}
	plain := encode("\x00" + account + "\x00" + c.Secret)
	switch g.below(4) {
	case 0:
		f.line(client, "AUTH PLAIN ", plain)
	case 1:
		f.line(client, "AUTH PLAIN")
		f.line(server, "334 ")
		f.line(client, plain)
	case 2:
		c.Mechanism = "LOGIN"
		f.line(client, "AUTH LOGIN ", encode(account))
		f.line(server, "334 UGFzc3dvcmQ6") // Password:
		f.line(client, encode(c.Secret))
	case 3:
		c.Mechanism = "LOGIN"
		f.line(client, "AUTH LOGIN")
		f.line(server, "334 VXNlcm5hbWU6") // Username:
		f.line(client, encode(account))
		f.line(server, "334 UGFzc3dvcmQ6")
		f.line(client, encode(c.Secret))
	}
	if accept {
		f.line(server, "235 2.7.0 Authentication successful")
	} else {
		f.line(server, "535 5.7.8 Authentication credentials invalid")
	}
	return c
}

func (g *generator) smtpMessage(f *flow) {
	pipelined := g.chance(500) // RFC 2920
	commands := []string{"MAIL FROM:<" + g.mailAddress() + ">"}
	replies := []string{"250 2.1.0 Ok"}
	for range g.between(1, maxRecipients) {
		commands = append(commands, "RCPT TO:<"+g.mailAddress()+">")
		replies = append(replies, "250 2.1.5 Ok")
	}
	commands = append(commands, "DATA")
	replies = append(replies, "354 End data with <CR><LF>.<CR><LF>")
	for i, c := range commands {
		f.line(client, c)
		if !pipelined {
			f.line(server, replies[i])
		}
	}
	if pipelined {
		for _, r := range replies {
			f.line(server, r)
		}
	}
	m := g.message(f)
	f.content(client, &m)
	f.line(client, ".")
	f.line(server, "250 2.0.0 Ok: queued as ", g.word(digits, 9))
}
