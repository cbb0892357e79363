package managesieve

import "bytes"

// verb is what a command does, as far as it matters here.
type verb uint8

const (
	unknownVerb      verb = iota
	plainVerb             // NOOP, UNAUTHENTICATE
	capabilityVerb        // CAPABILITY
	scriptVerb            // works on the user's scripts
	authenticateVerb      // AUTHENTICATE
	startTLSVerb          // STARTTLS
	logoutVerb            // LOGOUT
)

// verbs are the commands of RFC 5804, section 2.
var verbs = [...]struct {
	name []byte
	verb verb
}{
	{[]byte("AUTHENTICATE"), authenticateVerb},
	{[]byte("STARTTLS"), startTLSVerb},
	{[]byte("LOGOUT"), logoutVerb},
	{[]byte("CAPABILITY"), capabilityVerb},
	{[]byte("HAVESPACE"), scriptVerb},
	{[]byte("PUTSCRIPT"), scriptVerb},
	{[]byte("LISTSCRIPTS"), scriptVerb},
	{[]byte("SETACTIVE"), scriptVerb},
	{[]byte("GETSCRIPT"), scriptVerb},
	{[]byte("DELETESCRIPT"), scriptVerb},
	{[]byte("RENAMESCRIPT"), scriptVerb},
	{[]byte("CHECKSCRIPT"), scriptVerb},
	{[]byte("NOOP"), plainVerb},
	{[]byte("UNAUTHENTICATE"), plainVerb},
}

// verbOf reads the verb of a line in any case, and tells its name and where the
// arguments begin.
func verbOf(text []byte) (v verb, name []byte, next int) {
	word, next, _ := argumentAt(text, 0)
	for i := range verbs {
		if bytes.EqualFold(word.value, verbs[i].name) && word.at.To == next {
			return verbs[i].verb, verbs[i].name, next
		}
	}
	return unknownVerb, nil, next
}

// status is the first word of the line that ends a response.
type status uint8

const (
	noStatus status = iota
	statusOK
	statusNo
	statusBye
)

// statusOf reads the status of a line, and tells where the rest begins.
func statusOf(text []byte) (st status, next int) {
	word, next, _ := argumentAt(text, 0)
	switch {
	case bytes.EqualFold(word.value, []byte("OK")):
		return statusOK, next
	case bytes.EqualFold(word.value, []byte("NO")):
		return statusNo, next
	case bytes.EqualFold(word.value, []byte("BYE")):
		return statusBye, next
	}
	return noStatus, next
}
