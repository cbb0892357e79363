package rules

import (
	"slices"
	"strconv"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// What makes attempts an attack. A hit that may still grow is taken over by the
// next session within the same span of guessWindow, so that there is at most
// one finding in it.
const (
	minGuesses  = 10 // different passwords
	guessWindow = 5 * time.Minute

	// hammerWindow is for one account and responses of which nobody can say
	// whether they are of the same password: a phone that has an old one does
	// not try it as fast as that.
	hammerWindow = time.Minute

	minSprayed   = 10 // accounts
	maxFewTries  = 3  // of one of them
	sprayWindow  = time.Hour
	maxOwnTries  = 64 // of one session that are looked at, the last ones
	shownEarlier = MaxEvidence / 2
)

// tries are the rejected logins of a session and those before it.
type tries struct {
	all    []Try // in order; the session's own stand last
	own    int   // how many these are
	now    int64 // the last of them
	letIn  *dissect.Attempt
	quotes []*dissect.Quote
}

// triesUntil returns the tries of a window that ends with the session's last
// one, or with the first login that was accepted; nil where there are too few
// to look at.
func triesUntil(f *dissect.Facts, past *Past, least int, window time.Duration) *tries {
	if len(f.Auth) == 0 || len(past.Rejected)+len(f.Auth) < least {
		return nil
	}
	var t tries
	for _, a := range f.Auth {
		if a.Outcome == dissect.Accepted {
			t.letIn = a
			t.now = max(t.now, sentAt(a).Time)
			break
		}
		if try, ok := TryOf(f, alerts.SessionID{}, a); ok {
			t.all = append(t.all, try)
			t.now = max(t.now, try.Time)
			t.quotes = clientLines(t.quotes, a)
		}
	}
	t.all = t.all[max(0, len(t.all)-maxOwnTries):]
	t.own = len(t.all)
	t.all = slices.Concat(past.Rejected, t.all)
	t.since(window)
	if t.letIn != nil && !t.tried(t.letIn) {
		t.letIn = nil
	}
	if t.own == 0 && t.letIn == nil {
		return nil
	}
	return &t
}

// tried tells whether an account or its password was among the tries: else it
// is somebody else behind the same address who was let in.
func (t *tries) tried(a *dissect.Attempt) bool {
	return slices.ContainsFunc(t.all, func(one Try) bool {
		return one.Account == cutAccount(a.Account) || one.Secret != "" && one.Secret == a.Fingerprint
	})
}

// since drops the tries that are older than a window.
func (t *tries) since(window time.Duration) {
	from := t.now - int64(window)
	old := len(t.all) - t.own
	kept := slices.DeleteFunc(t.all[:old], func(one Try) bool { return one.Time < from || one.Time > t.now })
	own := slices.DeleteFunc(t.all[old:], func(one Try) bool { return one.Time < from })
	t.own = len(own)
	t.all = append(kept, own...)
}

// account is what was tried on one.
type account struct {
	name    string
	secrets []string // known ones, each once
	unknown int
}

func (t *tries) accounts() (list []account) {
	for i := range t.all {
		try := &t.all[i]
		at := slices.IndexFunc(list, func(a account) bool { return a.name == try.Account })
		if at < 0 {
			at = len(list)
			list = append(list, account{name: try.Account})
		}
		switch a := &list[at]; {
		case try.Secret == "":
			a.unknown++
		case !slices.Contains(a.secrets, try.Secret):
			a.secrets = append(a.secrets, try.Secret)
		}
	}
	return list
}

// guesses counts different passwords. Whoever tries the same one on the same
// account again has a mail program with an old password.
func guesses(list []account) (n int) {
	for i := range list {
		n += len(list[i].secrets) + list[i].unknown
	}
	return n
}

func judgeGuessing(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	t := triesUntil(f, past, minGuesses, guessWindow)
	if t == nil {
		return hits
	}
	accounts := t.accounts()
	if len(accounts) == 1 && len(accounts[0].secrets) <= 1 {
		t.since(hammerWindow)
		accounts = t.accounts()
	}
	n := guesses(accounts)
	if n < minGuesses {
		return hits
	}
	h := t.hit(f, alerts.Medium, len(accounts))
	h.Why = name(f.Protocol) + " rejected " + strconv.Itoa(n) + " passwords in " + t.span()
	if len(accounts) > 1 {
		h.Why += ", of " + strconv.Itoa(len(accounts)) + " accounts"
	}
	if t.letIn != nil {
		h.Severity = alerts.High
		h.Why += ", and then let the client in"
	}
	return append(hits, h)
}

func judgeSpraying(f *dissect.Facts, past *Past, hits []Hit) []Hit {
	t := triesUntil(f, past, minSprayed, sprayWindow)
	if t == nil {
		return hits
	}
	accounts := t.accounts()
	few, same := 0, 0
	secret := ""
	if len(t.all) > 0 {
		secret = t.all[len(t.all)-1].Secret
	}
	for i := range accounts {
		a := &accounts[i]
		if len(a.secrets)+a.unknown <= maxFewTries {
			few++
		}
		if secret != "" && slices.Contains(a.secrets, secret) {
			same++
		}
	}
	if few < minSprayed && same < minSprayed {
		return hits
	}
	h := t.hit(f, alerts.High, len(accounts))
	h.Why = name(f.Protocol) + " rejected a few passwords each for " + strconv.Itoa(few) + " accounts in " + t.span()
	if same >= minSprayed {
		h.Why = name(f.Protocol) + " rejected one password for " + strconv.Itoa(same) + " accounts in " + t.span()
	}
	if t.letIn != nil {
		h.Why += ", and then let the client in"
	}
	return append(hits, h)
}

// hit makes what both rules tell. It stands at once if a login succeeded: more
// cannot happen.
func (t *tries) hit(f *dissect.Facts, s alerts.Severity, accounts int) Hit {
	h := Hit{Severity: s, Detail: []dissect.Pair{
		{Key: "attempts", Value: strconv.Itoa(len(t.all))},
		{Key: "accounts", Value: strconv.Itoa(accounts)},
	}}
	before := t.all[:len(t.all)-t.own]
	for i := range before[max(0, len(before)-shownEarlier):] {
		try := &before[max(0, len(before)-shownEarlier)+i]
		h.Earlier = append(h.Earlier, try.evidence(dissect.Client, "login of "+try.Account+", rejected"))
	}
	lines := t.quotes
	if t.letIn != nil {
		lines = clientLines(nil, t.letIn)
		h.Detail = append(h.Detail, dissect.Pair{Key: "let_in", Value: t.letIn.Account})
	} else {
		h.Until = (f.Start/int64(guessWindow) + 1) * int64(guessWindow)
	}
	h.Quotes = inOrder(telling(slices.Clone(lines)...))
	h.Quotes = h.Quotes[max(0, len(h.Quotes)-(MaxEvidence-len(h.Earlier))):]
	return h
}

// span says how long the tries took, in full seconds.
func (t *tries) span() string {
	first := t.now
	for i := range t.all {
		first = min(first, t.all[i].Time)
	}
	took := time.Duration(t.now-first) + time.Second - 1
	return max(took.Truncate(time.Second), time.Second).String()
}
