package judge

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/policy"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/dissect"
)

// maxHeld is how many results wait until it is settled whether a later session
// takes a finding over. The first of more does not wait any longer.
const maxHeld = 64

// Judge judges sessions with what it remembers of those before. It is not safe
// for concurrent use.
type Judge struct {
	Policy  *policy.Policy // nil: the admin wants nothing
	history *History
	settled func(alerts.Result)
	held    []held
	site    *rules.Site    // what ours says
	ours    *policy.Policy // the Policy of the last session
	past    rules.Past     // of the present session: one of its own would be made anew each time
	hits    hits           // of it
}

// held is a result with findings that a later session may take over.
type held struct {
	result alerts.Result
	open   []open
}

// open is a rule whose finding is not settled until a capture time.
type open struct {
	rule  *rules.Rule
	until int64
}

// New returns a Judge that remembers nothing yet. It hands over each result
// once it is settled: most at once, those with attempts that may go on when
// they have not gone on for as long as the rule says.
func New(settled func(alerts.Result)) *Judge {
	return &Judge{history: NewHistory(), settled: settled}
}

// Remember takes in a session that was judged before.
func (j *Judge) Remember(s *alerts.Session) { j.history.Record(s.Facts, s.ID) }

// Session judges one session by itself and by those before that began before
// it, and remembers it. The Facts are redacted.
func (j *Judge) Session(f *dissect.Facts) {
	j.release(f.Start)
	j.past = rules.Past{}
	k := keysOf(f)
	j.history.recall(f, &k, &j.past)
	h := &j.hits
	h.judge(f, &j.past, j.siteNow())
	h.enforce(f, j.Policy)
	one := held{result: h.result(f), open: h.open()}
	h.reset()
	j.history.record(f, &k, one.result.Session.ID)
	j.takeOver(&one)
	if len(one.open) == 0 {
		j.settled(one.result)
		return
	}
	if len(j.held) == maxHeld {
		j.settled(j.held[0].result)
		j.held = slices.Delete(j.held, 0, 1)
	}
	j.held = append(j.held, one)
}

// Close settles what waits: nothing comes any more.
func (j *Judge) Close() {
	for i := range j.held {
		j.settled(j.held[i].result)
	}
	j.held = nil
}

// Advance settles what waits until a capture time, in ns since 1970 UTC, that
// has come: on a link where no session ends meanwhile, nothing else does. A
// session that began earlier and ends later no longer takes such a finding
// over, until all are judged again in the order of their begin.
func (j *Judge) Advance(now int64) { j.release(now) }

// release settles what waited for a time that has come.
func (j *Judge) release(now int64) {
	if len(j.held) == 0 {
		return
	}
	j.settle(func(h *held) bool {
		return !slices.ContainsFunc(h.open, func(o open) bool { return o.until > now })
	})
}

// takeOver lets the later one of two sessions of a client and server have the
// finding of a rule that holds in both.
func (j *Judge) takeOver(now *held) {
	if len(j.held) == 0 || len(now.result.Findings) == 0 {
		return
	}
	for i := range j.held {
		switch h := &j.held[i]; {
		case !h.together(now):
		case earlier(now.result.Session.Facts.Start, h.result.Session.Facts.Start):
			now.yield(h)
		default:
			h.yield(now)
		}
	}
	j.settle(func(h *held) bool { return len(h.open) == 0 })
}

// settle hands over those that are done, in order.
func (j *Judge) settle(done func(*held) bool) {
	waiting := j.held[:0]
	for i := range j.held {
		if h := j.held[i]; done(&h) {
			j.settled(h.result)
		} else {
			waiting = append(waiting, h)
		}
	}
	clear(j.held[len(waiting):])
	j.held = waiting
}

func (h *held) together(o *held) bool {
	a, b := h.result.Session.Facts, o.result.Session.Facts
	return a.Server == b.Server && a.Client.Addr() == b.Client.Addr()
}

// yield drops the findings that a later session has, too.
func (h *held) yield(later *held) {
	h.open = slices.DeleteFunc(h.open, func(o open) bool {
		same := func(f alerts.Finding) bool { return f.Rule == o.rule.ID }
		if later.result.Session.Facts.Start >= o.until || !slices.ContainsFunc(later.result.Findings, same) {
			return false
		}
		h.result.Findings = slices.DeleteFunc(h.result.Findings, same)
		return true
	})
}
