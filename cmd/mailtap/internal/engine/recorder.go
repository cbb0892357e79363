package engine

import (
	"strings"
	"sync"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/dissect"
)

const (
	maxWaiting = 256              // ended sessions that may wait to be judged
	breath     = time.Millisecond // in which some come together: waking for each costs more than judging it
)

// Recorder takes the Facts of ended sessions through redaction and judgement
// into the store, and reports each result once it is stored. It has a
// goroutine of its own, behind the engine's, so that packets need not wait.
type Recorder struct {
	Redactor  *alerts.Redactor
	Add       func(alerts.Result) // stores a result; nil keeps nothing
	Show      bool                // report secrets; they are never stored
	NoContent bool                // keep no subjects and addresses
	Report    func(alerts.Result) // in the order in which sessions ended

	ended chan *dissect.Facts
	done  chan struct{}

	mu    sync.Mutex
	shown map[alerts.SessionID]alerts.Result // judged with secrets, until they are stored
}

// Start begins to record.
func (r *Recorder) Start() {
	r.ended, r.done = make(chan *dissect.Facts, maxWaiting), make(chan struct{})
	go func() {
		defer close(r.done)
		for f := range r.ended {
			r.record(f)
			if len(r.ended) == 0 {
				time.Sleep(breath)
			}
		}
	}()
}

// Session records one session. The Facts belong to the Recorder from now on.
func (r *Recorder) Session(f *dissect.Facts) { r.ended <- f }

// Close waits until all sessions are judged and handed to Add. There must be
// no Session after it.
func (r *Recorder) Close() {
	close(r.ended)
	<-r.done
}

func (r *Recorder) record(f *dissect.Facts) {
	if r.NoContent {
		dropContent(f)
	} else {
		alerts.Transcribe(f)
	}
	f.Dialogue.Recycle()
	f.Dialogue = nil
	var shown alerts.Result
	if r.Show {
		shown = judge.Session(alerts.Clone(f))
	}
	r.Redactor.Redact(f)
	result := judge.Session(f)
	if len(result.Findings) == 0 {
		f.Transcript = nil
	}
	switch {
	case r.Add == nil && r.Show:
		r.Report(shown)
	case r.Add == nil:
		r.Report(result)
	default:
		if r.Show {
			r.keep(shown)
		}
		r.Add(result)
	}
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

// dropContent removes what messages say about people: --no-content. Of the
// lines that brought them only the first word stays, so that a finding still
// names its packet. There is no transcript then: it would say it all.
func dropContent(f *dissect.Facts) {
	for _, m := range f.Messages {
		m.From, m.HasFrom, m.To, m.ToDropped, m.Subject, m.HasSubject = "", false, nil, 0, "", false
		for i := range m.Quotes {
			firstWord(&m.Quotes[i])
		}
	}
	if f.MailCommand != nil {
		firstWord(f.MailCommand)
	}
	if f.Signs != nil {
		dropSigns(f.Signs)
	}
}

// dropSigns does the same for lines that may name addresses.
func dropSigns(s *dissect.Signs) {
	for _, q := range []*dissect.Quote{s.MaskedCommand, s.EarlyData, s.Referral, s.OddEnd, s.Smuggled} {
		if q != nil {
			firstWord(q)
		}
	}
	for i := range s.Tests.Quotes {
		firstWord(&s.Tests.Quotes[i])
	}
	for i := range s.URLs {
		s.URLs[i].User = ""
		firstWord(&s.URLs[i].Quote)
	}
	for i := range s.Overlaps {
		firstWord(&s.Overlaps[i].First)
		firstWord(&s.Overlaps[i].Again)
	}
}

func firstWord(q *dissect.Quote) {
	q.Text, _, _ = strings.Cut(q.Text, " ")
	q.Hide = dissect.Span{}
}
