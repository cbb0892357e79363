package imap

// verb is what a command does, as far as it matters here.
type verb uint8

const (
	unknownVerb        verb = iota
	plainVerb               // NOOP and others that touch neither mail nor security
	mailVerb                // works on mail or mailboxes
	uidVerb                 // UID: the next word says what
	selectVerb              // SELECT, EXAMINE: message numbers get a new meaning
	appendVerb              // APPEND, REPLACE: a literal is a message
	idleVerb                // IDLE (RFC 2177): answered with a "+" of its own
	identifyVerb            // ID (RFC 2971)
	loginVerb               // LOGIN
	authenticateVerb        // AUTHENTICATE
	startTLSVerb            // STARTTLS
	compressVerb            // COMPRESS (RFC 4978)
	unauthenticateVerb      // UNAUTHENTICATE (RFC 8437)
	urlVerb                 // GENURLAUTH, URLFETCH: with URLs (RFC 4467)
	logoutVerb              // LOGOUT
)

// maxVerb is the length of the longest verb that verbOf knows.
const maxVerb = len("UNAUTHENTICATE")

// verbOf reads a verb in any case.
func verbOf(b []byte) verb {
	if len(b) > maxVerb {
		return unknownVerb
	}
	var upper [maxVerb]byte
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper[i] = c
	}
	switch string(upper[:len(b)]) {
	case "FETCH", "STORE", "COPY", "MOVE", "SEARCH", "SORT", "THREAD", "EXPUNGE", "CLOSE",
		"STATUS", "LIST", "LSUB", "XLIST", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE":
		return mailVerb
	case "UID":
		return uidVerb
	case "SELECT", "EXAMINE":
		return selectVerb
	case "APPEND", "REPLACE":
		return appendVerb
	case "IDLE":
		return idleVerb
	case "ID":
		return identifyVerb
	case "LOGIN":
		return loginVerb
	case "AUTHENTICATE":
		return authenticateVerb
	case "STARTTLS":
		return startTLSVerb
	case "COMPRESS":
		return compressVerb
	case "LOGOUT":
		return logoutVerb
	case "UNAUTHENTICATE":
		return unauthenticateVerb
	case "GENURLAUTH", "URLFETCH":
		return urlVerb
	case "CAPABILITY", "NOOP", "ENABLE", "NAMESPACE", "CHECK", "UNSELECT", "NOTIFY", "LANGUAGE", "COMPARATOR",
		"GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "GETACL", "SETACL", "DELETEACL", "LISTRIGHTS", "MYRIGHTS",
		"GETMETADATA", "SETMETADATA", "RESETKEY":
		return plainVerb
	}
	return unknownVerb
}

// onMail tells the verbs that work on mail or mailboxes.
func (v verb) onMail() bool {
	switch v {
	case mailVerb, uidVerb, selectVerb, appendVerb, idleVerb:
		return true
	}
	return false
}
