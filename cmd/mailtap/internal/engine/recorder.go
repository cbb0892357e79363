package engine

import (
	"sync"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/dissect"
)

// Recorder takes the Facts of ended sessions through redaction and judgement
// into the store, and reports each result once it is stored.
type Recorder struct {
	Redactor  *alerts.Redactor
	Add       func(alerts.Result) // stores a result; nil keeps nothing
	Show      bool                // report secrets; they are never stored
	NoContent bool                // keep no subjects and addresses
	Report    func(alerts.Result) // in the order in which sessions ended

	mu    sync.Mutex
	shown map[alerts.SessionID]alerts.Result // judged with secrets, until they are stored
}

// Session records one session.
func (r *Recorder) Session(f *dissect.Facts) {
	if r.NoContent {
		dropContent(f)
	}
	var shown alerts.Result
	if r.Show {
		shown = judge.Session(alerts.Clone(f))
	}
	r.Redactor.Redact(f)
	result := judge.Session(f)
	if r.Add == nil {
		if r.Show {
			result = shown
		}
		r.Report(result)
		return
	}
	if r.Show {
		r.keep(shown)
	}
	r.Add(result)
}

// Stored reports results that the store has taken, or had to give up.
func (r *Recorder) Stored(batch []alerts.Result) {
	for _, result := range batch {
		if r.Show {
			result = r.take(result)
		}
		r.Report(result)
	}
}

func (r *Recorder) keep(shown alerts.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown == nil {
		r.shown = map[alerts.SessionID]alerts.Result{}
	}
	r.shown[shown.Session.ID] = shown
}

func (r *Recorder) take(stored alerts.Result) alerts.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown, ok := r.shown[stored.Session.ID]
	if !ok {
		return stored
	}
	delete(r.shown, stored.Session.ID)
	return shown
}

// dropContent removes what messages say about people: --no-content.
func dropContent(f *dissect.Facts) {
	for _, m := range f.Messages {
		m.From, m.HasFrom, m.To, m.Subject, m.HasSubject = "", false, nil, "", false
		m.Quotes = nil
	}
	if f.MailCommand != nil {
		verb := f.MailCommand.Text
		for i := range len(verb) {
			if verb[i] == ' ' {
				verb = verb[:i]
				break
			}
		}
		f.MailCommand.Text, f.MailCommand.Hide = verb, dissect.Span{}
	}
}
