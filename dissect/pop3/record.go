package pop3

import "github.com/mailtap/mailtap/dissect"

// recordCommand keeps a line of the client for the transcript, unless it may
// belong to a message or lack its beginning.
func (s *Session) recordCommand(text []byte) {
	if !s.fragment && s.client != perhaps && !(s.doubt && isHeader(text)) {
		s.dialogue.Add(dissect.Client, s.in[dissect.Client].Start, text)
	}
}

// recordReply keeps a line of the server, unless it may belong to a message.
func (s *Session) recordReply(text []byte) {
	if s.server != astray && (s.server != untold || kindOf(text) != noReply) {
		s.dialogue.Add(dissect.Server, s.in[dissect.Server].Start, text)
	}
}
