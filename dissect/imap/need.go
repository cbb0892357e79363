package imap

import "github.com/mailtap/mailtap/dissect"

// Need tells what the session needs before it can take more of the client.
func (s *Session) Need() dissect.Need {
	switch {
	case s.wait == nothing, s.packed[dissect.Client] != nil:
		return dissect.NeedNothing
	}
	switch s.wait {
	case forTLSAnswer:
		return dissect.NeedTLSAnswer
	case forTLS:
		return dissect.NeedTLS
	}
	return dissect.NeedAnswer
}

// Proceed goes on without what Need asked for, as if the server had agreed;
// STARTTLS, though, has then led to nothing.
func (s *Session) Proceed() {
	switch s.wait {
	case forGoAhead:
		s.beginLiteral()
		s.command.guess = true
	case forChallenge:
		s.state[dissect.Client] = atAnswer
		s.command.guess = true
	case forDeflate:
		if s.packed[dissect.Client] == nil {
			s.compress(true)
		}
	case forProof:
		// With the server's side missing nothing can prove it; where the server
		// has spoken, its silence on this line is telling.
		s.doubt.accepted = !s.heard[dissect.Server]
	case forTLSAnswer, forTLS:
		s.command = command{}
	}
	s.wait = nothing
}
