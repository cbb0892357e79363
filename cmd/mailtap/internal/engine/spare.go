package engine

import (
	"sync"

	"github.com/mailtap/mailtap/dissect"
)

// spareFacts keeps the memory of Facts whose session has been reported, for
// those of a later one: it was a third of all that a log-in made anew.
var spareFacts = sync.Pool{New: func() any { return new(dissect.Facts) }}

// maxSpareLines is how long a transcript may have been whose memory is kept.
const maxSpareLines = 32

func newFacts() *dissect.Facts { return spareFacts.Get().(*dissect.Facts) }

// recycle gives the memory of f to a later session. Nothing of it may be used
// any more, but for its strings, and for the attempts, messages and lines that
// it points to.
func recycle(f *dissect.Facts) {
	files, quotes, lines := f.Files, f.STARTTLS.Quotes, f.Transcript
	if cap(lines) > maxSpareLines {
		lines = nil
	}
	clear(files)
	clear(quotes)
	clear(lines)
	*f = dissect.Facts{Files: files[:0], Transcript: lines[:0]}
	f.STARTTLS.Quotes = quotes[:0]
	spareFacts.Put(f)
}

// maxSpareConversations is how many conversations that ended an engine keeps for
// those to come.
const maxSpareConversations = 256

func (e *Engine) newConversation() *conversation {
	n := len(e.spare)
	if n == 0 {
		return new(conversation)
	}
	c := e.spare[n-1]
	e.spare = e.spare[:n-1]
	return c
}

// leave gives the memory of c, which has ended, to a later conversation.
func (e *Engine) leave(c *conversation) {
	*c = conversation{}
	if len(e.spare) < maxSpareConversations {
		e.spare = append(e.spare, c)
	}
}
