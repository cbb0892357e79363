package smtp

import "github.com/mailtap/mailtap/dissect"

// note keeps the code of a whole reply, where bytes were lost: how many replies
// came before a 354 may tell which of them were those to RCPT.
func (s *Session) note(code int) {
	if !s.missed {
		return
	}
	if len(s.codes) == dissect.MaxRecipients {
		s.codes = append(s.codes[:0], s.codes[len(s.codes)/2:]...)
	}
	s.codes = append(s.codes, uint16(code))
}

// sent keeps a recipient whose RCPT may be paired with another's reply.
func (s *Session) sent(mail *envelope, path string) {
	if s.missed && len(mail.sent) < dissect.MaxRecipients {
		mail.sent = append(mail.sent, path)
	}
}

// align pairs the recipients of a mail with replies once more, at its 354. Where
// bytes were lost before its MAIL, replies may have been taken for those to later
// commands than they were. But 354 answers DATA alone, so that the replies before
// it are those to the commands before DATA, counted from behind.
func (s *Session) align(mail *envelope) {
	if mail == nil || mail.torn || mail.strayed || len(mail.sent) == 0 || len(mail.sent) != mail.asked {
		return
	}
	mail.to, mail.dropped = mail.to[:0], 0
	for i, path := range mail.sent {
		at := len(s.codes) - len(mail.sent) + i
		if at < 0 || s.codes[at] < 300 {
			mail.add(path)
		}
	}
}
