package tls

// Kept returns how many bytes the session holds of messages that have not
// ended.
func (s *Session) Kept() (n int) {
	for i := range s.halves {
		n += cap(s.halves[i].message.body)
	}
	return n
}
