package traffic

import (
	"encoding/base64"
	"strconv"
)

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyz"

	// atomCharacters may stand in an IMAP atom (RFC 3501, section 9), and so in
	// every other form.
	atomCharacters = letters + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits + "!#$&+-.:;<=>?@_|~"
	// quotedCharacters need quotes, and two of them a backslash.
	quotedCharacters = atomCharacters + ` "\(){%*`
)

const minSecret, maxSecret = 8, 20

// subjectRepeat words make a subject.
const subjectRepeat = 4

var givenNames = []string{
	"anna", "boris", "carla", "david", "elena", "frank", "grete", "henri", "irina", "jonas", "karin", "lukas",
	"maria", "nadia", "oscar", "paula", "quinn", "roman", "sofia", "tomas", "ursula", "viktor", "wanda", "yusuf",
}

var domains = []string{"corp.example", "sales.example", "branch.example", "mail.example", "north.example"}

var textWords = []string{
	"the", "a", "of", "to", "and", "for", "with", "from", "report", "meeting", "data", "user", "quit", "list", "offer",
	"invoice", "we", "you", "they", "have", "will", "send", "login", "password", "server", "please", "tomorrow", "weekly",
	"figures", "attached", "regards", "before", "after", "customer", "order", "number", "delivery", "question", "answer",
	"project", "plan", "budget", "draft", "review", "on", "in", "at", "is", "was", "new", "old", "first", "last", "next",
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func (g *generator) newAccount() string {
	name := g.one(givenNames) + g.word(digits, 3)
	if g.chance(500) {
		name += "@" + g.one(domains)
	}
	return name
}

func (g *generator) secret(alphabet string) string {
	return g.word(alphabet, g.between(minSecret, maxSecret))
}

func (g *generator) mailAddress() string { return g.one(givenNames) + "@" + g.one(domains) }

func (g *generator) subject() string {
	s := g.one(textWords)
	for range subjectRepeat - 1 {
		s += " " + g.one(textWords)
	}
	return s
}

// hostName names the server of f.
func (f *flow) hostName() string {
	a := f.ends[server].Addr().AsSlice()
	return "mx" + strconv.Itoa(int(a[len(a)-1])) + ".example"
}
