package session

// ForgetDialogue lets go of what was said.
func (s *Session) ForgetDialogue() {
	s.dialogue = nil
	s.machine.Record(nil)
}
