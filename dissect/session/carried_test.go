package session_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/mailtap/mailtap/dissect"
	dialogues "github.com/mailtap/mailtap/dissect/internal/dialogue"
)

// What the bytes of a plan mean: words, and what befalls the next one.
const (
	isWord   = 0xc0 // below it: a word
	loses    = 0xc8 // as it crosses, so many bytes of its beginning are lost
	losesEnd = 0xd0 // and here its second half
	isCut    = 0xe0 // only so many bytes of it are said
	isJoined = 0xe8 // it crosses together with the next one of its side
	isLong   = 0xf0 // no word: a line that is longer than any that is kept
	// above: from here on what is said is carried
)

// maxPlan is how many bytes of a plan are followed.
const maxPlan = 300

// script is a session put together from words, as both sides send it.
type script struct {
	words  []dialogues.Turn // a greeting, a log-in of four lines, and others
	turns  []turn
	held   [2][]byte // said, and sent with the next word
	frame  func(dir uint8, text []byte) []byte
	pack   *[2]*flate.Writer
	packed [2]bytes.Buffer
	number [2]uint32 // of the next frame
	said   int       // bytes
	long   bool      // a long line, among them
	whole  bool      // nothing is lost
}

// turn is some bytes of a direction, of which [from, to) are lost.
type turn struct {
	dir      uint8
	data     []byte
	from, to int
}

// direction tells the flow direction of a side.
func direction(side dissect.Side) uint8 { return uint8(side) }

// write follows a plan.
func write(words []dialogues.Turn, plan []byte) *script {
	w := &script{words: words, whole: true}
	w.send(1, words[0].Data, 0)
	harm := byte(0)
	for _, b := range plan[:min(len(plan), maxPlan)] {
		switch {
		case b < isWord:
			turn := words[int(b)%len(words)]
			w.say(direction(turn.Side), turn.Data, harm)
			harm = 0
		case b < isLong:
			harm = b
		case b == isLong && !w.long:
			w.long = true
			w.say(1, []byte("* FOO "+strings.Repeat("y", 70_000)+"\r\n"), 0)
		case b > isLong:
			w.carry(b)
		}
	}
	for dir := range w.held {
		w.say(uint8(dir), nil, 0)
	}
	return w
}

func (w *script) say(dir uint8, text []byte, harm byte) {
	if harm >= losesEnd && harm < isCut {
		text = text[:min(len(text), int(harm-losesEnd))]
	}
	text = append(w.held[dir], text...)
	w.held[dir] = nil
	if harm >= isCut && harm < isJoined {
		w.held[dir] = text
		return
	}
	w.send(dir, text, harm)
}

// send carries text.
func (w *script) send(dir uint8, text []byte, harm byte) {
	w.said += len(text)
	if w.pack != nil {
		w.packed[dir].Reset()
		w.pack[dir].Write(text)
		w.pack[dir].Flush()
		text = bytes.Clone(w.packed[dir].Bytes())
	}
	if w.frame != nil {
		text = w.frame(dir, text)
	}
	t := turn{dir: dir, data: text}
	switch {
	case harm < isWord || harm >= losesEnd:
	case harm < loses:
		t.to = min(len(text), int(harm-isWord)+1)
	default:
		t.from, t.to = len(text)/2, len(text)
	}
	w.whole = w.whole && t.from == t.to
	w.turns = append(w.turns, t)
}

// carry lets the sides agree on a layer, or on compression.
func (w *script) carry(how byte) {
	switch how % 6 {
	case 0:
		w.logIn("DIGEST-MD5", w.signed)
	case 1:
		w.logIn("GSSAPI", w.token)
	case 2:
		w.logIn("GSS-SPNEGO", w.token)
	default:
		w.say(0, []byte("zz COMPRESS DEFLATE\r\n"), 0)
		w.say(1, []byte("zz OK go\r\n"), 0)
		w.pack = new([2]*flate.Writer)
		for dir := range w.pack {
			w.pack[dir], _ = flate.NewWriter(&w.packed[dir], [...]int{flate.NoCompression, flate.BestSpeed, flate.BestCompression}[how%3])
		}
	}
}

// logIn sends the log-in that stands behind the greeting.
func (w *script) logIn(mechanism string, frame func(dir uint8, text []byte) []byte) {
	for _, turn := range w.words[1:5] {
		w.say(direction(turn.Side), bytes.Replace(turn.Data, []byte("MECHANISM"), []byte(mechanism), 1), 0)
	}
	w.frame, w.number = frame, [2]uint32{}
}

// signed makes a frame of DIGEST-MD5 with integrity (RFC 2831, section 2.3).
func (w *script) signed(dir uint8, text []byte) []byte {
	s := signer{w.number[dir]}
	w.number[dir]++
	return []byte(s.frame(string(text)))
}

// token makes a frame with a wrap token that is only signed (RFC 4121, section
// 4.2.6.2), rotated by its checksum (RFC 4752, section 3.3).
func (w *script) token(dir uint8, text []byte) []byte {
	const sum = "checksum...."
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(sum)+len(text)))
	b = append(b, 5, 4, dir, 0xff, 0, byte(len(sum)), 0, byte(len(sum)))
	b = binary.BigEndian.AppendUint64(b, uint64(w.number[dir]))
	w.number[dir]++
	return append(append(b, sum...), text...)
}

// perform plays the script in pieces, whole where cut is 0.
func (w *script) perform(t testing.TB, port uint16, late bool, cut int) *run {
	r := newRun(t, [2]uint16{40000, port}, late)
	r.cut = cut
	for _, turn := range w.turns {
		r.feed(turn.dir, turn.data[:turn.from])
		if n := turn.to - turn.from; n > 0 {
			r.lose(turn.dir, n)
		}
		r.feed(turn.dir, turn.data[turn.to:])
	}
	r.end()
	return r
}

// told gives the events of a run. Bytes where TLS had to begin are told as they come:
// how many of a line there are depends on the pieces.
func told(r *run) []string {
	events := slices.Clone(r.events)
	for i, e := range events {
		if before, _, ok := strings.Cut(e, "-"); ok && (strings.Contains(e, " injected ") || strings.Contains(e, " clear-after-tls ")) {
			events[i] = before
		}
	}
	return events
}

// readWords returns the words of each port.
func readWords(t testing.TB) (ports []uint16, words [][]dialogues.Turn) {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/words.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		port, err := strconv.ParseUint(f.Name, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		turns, err := dialogues.ParseTurns(string(f.Data))
		if err != nil {
			t.Fatal(err)
		}
		ports, words = append(ports, uint16(port)), append(words, turns)
	}
	return ports, words
}

// FuzzCarried: whatever two sides say, in layers, compressed, and with bytes lost,
// no panic, events lie within what was sent, there are no more than two of them a
// byte, and nothing is held back at the end. Without loss any cut gives the same, but
// where the session was joined late: the highest bit of protocol says so.
func FuzzCarried(f *testing.F) {
	ports, words := readWords(f)
	for i := range 48 {
		rng := rand.New(rand.NewPCG(3, uint64(i)))
		plan := make([]byte, 8+2*i)
		for j := range plan {
			plan[j] = byte(rng.Uint32N(isWord))
		}
		plan[i%8] = byte(isLong + 1 + i%13)
		if i%3 == 0 {
			plan[7] = byte(isWord + rng.Uint32N(isLong-isWord))
		}
		f.Add(uint8(i)|uint8(i%7/6)<<7, plan, uint8(i%5))
	}
	f.Fuzz(func(t *testing.T, protocol uint8, plan []byte, cut uint8) {
		i, late := int(protocol)%len(ports), protocol&0x80 != 0
		w := write(words[i], plan)
		whole := w.perform(t, ports[i], late, 0)
		if n := len(whole.events); n > 2*w.said+64 {
			t.Errorf("%d events of %d bytes", n, w.said)
		}
		kept := 0
		for _, l := range whole.s.Dialogue().Lines() {
			kept += len(whole.s.Dialogue().Text(&l))
		}
		if kept > 2*dissect.MaxDialogue {
			t.Errorf("%d bytes of lines are kept", kept)
		}
		pieces := w.perform(t, ports[i], late, 1+int(cut))
		if diff := cmp.Diff(told(whole), told(pieces)); w.whole && !late && diff != "" {
			t.Errorf("cut every %d bytes (-whole +cut):\n%s", 1+int(cut), diff)
		}
	})
}
