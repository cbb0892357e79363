package alerts

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/dissect"
)

// around is how many lines before and after a telling one a transcript keeps.
const around = 3

// Transcribe cuts the transcript of a session from its Dialogue: the telling
// lines and what was said around them. It comes before redaction, which masks
// the transcript with the rest of the Facts.
func Transcribe(f *dissect.Facts) {
	if f.Dropped > 0 {
		return // secrets of attempts that are not kept could not be masked
	}
	lines := f.Dialogue.Lines()
	var room [dissect.MaxTranscript]int32
	picked := pick(room[:0], lines)
	if len(picked) == 0 {
		return
	}
	size := 0
	for _, i := range picked {
		size += len(kept(f, &lines[i]))
	}
	var text strings.Builder // of all lines: one string costs less than many
	text.Grow(size)
	for _, i := range picked {
		text.Write(kept(f, &lines[i]))
	}
	rest := text.String()
	f.Transcript = slices.Grow(f.Transcript[:0], len(picked))[:len(picked)]
	for at, i := range picked {
		l := &lines[i]
		n := len(kept(f, l))
		quote(&f.Transcript[at], f, l, rest[:n])
		rest = rest[n:]
	}
}

// pick appends the numbers of the telling lines and of those around them.
func pick(picked []int32, lines []dissect.Spoken) []int32 {
	next := 0 // the first line that is not picked
	for i := range lines {
		if !lines[i].Telling {
			continue
		}
		for next = max(next, i-around); next <= i+around && next < len(lines); next++ {
			if len(picked) == dissect.MaxTranscript {
				return picked
			}
			picked = append(picked, int32(next))
		}
	}
	return picked
}

// kept returns as much of a line as a transcript keeps.
func kept(f *dissect.Facts, l *dissect.Spoken) []byte {
	text := f.Dialogue.Text(l)
	return text[:min(len(text), dissect.MaxQuote)]
}

// quote makes q a line of the transcript.
func quote(q *dissect.Quote, f *dissect.Facts, l *dissect.Spoken, text string) {
	q.Side, q.Stamp, q.Text = l.Side, l.Stamp, text
	q.Hide = dissect.Span{From: min(l.Hide.From, len(text)), To: min(l.Hide.To, len(text))}
	if l.Side == dissect.Client && l.Hide == (dissect.Span{}) && !l.Telling && !harmless(f.Protocol, f.Dialogue.Text(l)) {
		q.Hide.To = len(text)
	}
}

// harmless tells whether a client's line of which nothing came begins with a
// command that carries no secret. Of every other line nobody can say what it
// is: it may be a password that was sent where none was due.
func harmless(p dissect.Protocol, text []byte) bool {
	verb, rest, _ := bytes.Cut(text, []byte(" "))
	if p == dissect.IMAP {
		verb, _, _ = bytes.Cut(rest, []byte(" "))
	}
	var room [longestCommand]byte
	if len(verb) > len(room) {
		return false
	}
	for i, c := range verb {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		room[i] = c
	}
	command := room[:len(verb)]
	switch p {
	case dissect.IMAP:
		return harmlessIMAP(command)
	case dissect.POP3:
		return harmlessPOP3(command)
	case dissect.ManageSieve:
		return harmlessSieve(command)
	}
	return harmlessSMTP(command)
}

const longestCommand = 16

func harmlessSMTP(command []byte) bool {
	switch string(command) {
	case "EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "STARTTLS", "VRFY", "EXPN", "HELP",
		"ETRN", "TURN", "ATRN":
		return true
	}
	return false
}

func harmlessIMAP(command []byte) bool {
	switch string(command) {
	case "CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE",
		"UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS", "IDLE", "CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH",
		"STORE", "COPY", "MOVE", "UID", "ENABLE", "ID", "COMPRESS", "SORT", "THREAD", "UNAUTHENTICATE", "NOTIFY":
		return true
	}
	return false
}

func harmlessPOP3(command []byte) bool {
	switch string(command) {
	case "CAPA", "STLS", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL", "QUIT", "UTF8", "LANG", "USER", "XTND":
		return true
	}
	return false
}

func harmlessSieve(command []byte) bool {
	switch string(command) {
	case "CAPABILITY", "STARTTLS", "LOGOUT", "NOOP", "LISTSCRIPTS", "SETACTIVE", "GETSCRIPT", "DELETESCRIPT", "RENAMESCRIPT",
		"HAVESPACE":
		return true
	}
	return false
}
