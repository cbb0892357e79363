package engine

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/judge"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

const (
	maxWaiting = 256              // ended sessions that may wait to be judged
	breath     = time.Millisecond // in which some come together: waking for each costs more than judging it

	// maxRecalled is how many stored sessions are looked through at the start,
	// the newest. Ten thousand take a tenth of a second.
	maxRecalled = 20_000
)

// Recorder takes the Facts of ended sessions through redaction and judgement
// into the store, and reports each result once it is stored. It has a
// goroutine of its own, behind the engine's, so that packets need not wait.
type Recorder struct {
	Redactor  *alerts.Redactor
	Add       func(alerts.Result) // stores a result; nil keeps nothing
	Show      bool                // report secrets; they are never stored
	NoContent bool                // keep no subjects and addresses
	Policy    *policy.Policy      // of the admin; nil: none

	// Report is told of results in the order in which sessions were judged: as they
	// ended, but see judge.Judge. Facts and findings are valid until it returns.
	Report func(alerts.Result)

	judge *judge.Judge
	steps chan step
	done  chan struct{}

	mu    sync.Mutex
	shown map[alerts.SessionID][]alerts.Result // judged with secrets, until they are stored; sessions of one µs share an id
}

// step is what comes to be judged next: one of these.
type step struct {
	facts  *dissect.Facts // of a session that has ended
	now    int64
	policy *policy.Policy
}

// Recall remembers what the database at path has of earlier sessions. It comes
// before Start.
func (r *Recorder) Recall(path string) error {
	stored, err := store.OpenReader(path)
	if err != nil {
		return err
	}
	defer stored.Close()
	r.judge = judge.New(r.settled)
	for s, err := range stored.Begun(maxRecalled) {
		if err != nil {
			return err
		}
		r.judge.Remember(&s.Session)
	}
	return nil
}

// Start begins to record.
func (r *Recorder) Start() {
	if r.judge == nil {
		r.judge = judge.New(r.settled)
	}
	r.judge.Policy = r.Policy
	r.steps, r.done = make(chan step, maxWaiting), make(chan struct{})
	go func() {
		defer close(r.done)
		for s := range r.steps {
			r.follow(s)
			if len(r.steps) == 0 {
				time.Sleep(breath)
			}
		}
		r.judge.Close()
	}()
}

func (r *Recorder) follow(s step) {
	switch {
	case s.facts != nil:
		r.record(s.facts)
	case s.policy != nil:
		r.judge.Policy = s.policy
	default:
		r.judge.Advance(s.now)
	}
}

// Session records one session. The Facts belong to the Recorder from now on. Its
// Dialogue is done with when Session returns, so that the next session has that
// memory while it is in the caches.
func (r *Recorder) Session(f *dissect.Facts) {
	if r.NoContent {
		dropContent(f)
	} else {
		alerts.Transcribe(f)
	}
	f.Dialogue.Recycle()
	f.Dialogue = nil
	r.steps <- step{facts: f}
}

// Advance tells that a capture time has come, in ns since 1970 UTC: what was
// held back until then is recorded, though no session ends. It does not wait,
// and may pass unheard while much else is to be recorded.
func (r *Recorder) Advance(now int64) {
	select {
	case r.steps <- step{now: now}:
	default:
	}
}

// SetPolicy changes the policy for sessions that come after.
func (r *Recorder) SetPolicy(p *policy.Policy) { r.steps <- step{policy: p} }

// Waiting returns how many sessions wait to be judged.
func (r *Recorder) Waiting() int { return len(r.steps) }

// Close waits until all sessions are judged and handed to Add. There must be
// no Session after it.
func (r *Recorder) Close() {
	close(r.steps)
	<-r.done
}

func (r *Recorder) record(f *dissect.Facts) {
	if r.Show {
		r.keep(judge.Session(alerts.Clone(f)))
	}
	r.Redactor.Redact(f)
	r.judge.Session(f)
}

// settled takes a result that no later session changes.
func (r *Recorder) settled(result alerts.Result) {
	if f := result.Session.Facts; len(result.Findings) == 0 {
		clear(f.Transcript)
		f.Transcript = f.Transcript[:0]
	}
	if r.Add == nil {
		r.Stored([]alerts.Result{result})
		return
	}
	r.Add(result)
}

// Stored reports results that the store has taken, or had to give up. The memory
// of their Facts and lists of findings is used again when it returns.
func (r *Recorder) Stored(batch []alerts.Result) {
	for _, stored := range batch {
		result := stored
		if r.Show {
			result = r.take(stored)
		}
		r.Report(result)
		judge.Recycle(stored.Findings)
		recycle(stored.Session.Facts)
	}
}

func (r *Recorder) keep(shown alerts.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown == nil {
		r.shown = map[alerts.SessionID][]alerts.Result{}
	}
	r.shown[shown.Session.ID] = append(r.shown[shown.Session.ID], shown)
}

func (r *Recorder) take(stored alerts.Result) alerts.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, list := stored.Session.ID, r.shown[stored.Session.ID]
	i := slices.IndexFunc(list, func(shown alerts.Result) bool { return sameFacts(shown.Session.Facts, stored.Session.Facts) })
	if i < 0 {
		return stored
	}
	shown := list[i]
	if list = slices.Delete(list, i, i+1); len(list) == 0 {
		delete(r.shown, id)
	} else {
		r.shown[id] = list
	}
	return reveal(stored, shown)
}

// sameFacts tells sessions apart that have the same id.
func sameFacts(a, b *dissect.Facts) bool {
	return a.End == b.End && a.Packets == b.Packets && a.Bytes == b.Bytes && len(a.Auth) == len(b.Auth)
}

// reveal returns a result as it was with its secrets. What needed a policy or
// earlier sessions is in the stored one alone; of earlier sessions the secrets
// are gone.
func reveal(stored, shown alerts.Result) alerts.Result {
	own := make(map[alerts.FindingID]*alerts.Finding, len(shown.Findings))
	for i := range shown.Findings {
		own[shown.Findings[i].ID] = &shown.Findings[i]
	}
	findings := slices.Clone(stored.Findings)
	for i := range findings {
		f := &findings[i]
		if one := own[f.ID]; one != nil && slices.EqualFunc(f.Evidence, one.Evidence, sameLine) {
			f.Evidence = one.Evidence
		} else {
			f.Evidence = revealLines(f.Evidence, &stored.Session, shown.Session.Facts)
		}
	}
	shown.Session.Verdict = stored.Session.Verdict
	return alerts.Result{Session: shown.Session, Findings: findings}
}

// sameLine tells evidence of the same line, masked or not.
func sameLine(a, b alerts.Evidence) bool {
	return a.Session == b.Session && a.File == b.File && a.Packet == b.Packet && a.From == b.From
}

// revealLines returns evidence with the lines of attempts as they were sent.
func revealLines(list []alerts.Evidence, s *alerts.Session, shown *dissect.Facts) []alerts.Evidence {
	type line struct {
		time   int64
		packet uint64
		text   string
	}
	sent := map[line]string{}
	for i, a := range s.Facts.Auth {
		for k := range a.Quotes {
			if i >= len(shown.Auth) || k >= len(shown.Auth[i].Quotes) {
				break
			}
			q := &a.Quotes[k]
			sent[line{q.Stamp.Time, q.Stamp.Packet, q.Text}] = shown.Auth[i].Quotes[k].Text
		}
	}
	list = slices.Clone(list)
	for i := range list {
		if e := &list[i]; e.Session == s.ID {
			if text, ok := sent[line{e.Time, e.Packet, e.Text}]; ok {
				e.Text = text
			}
		}
	}
	return list
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
