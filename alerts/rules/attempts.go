package rules

import (
	"slices"
	"strconv"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// byAccount gives one hit for each account whose attempts severity accepts: a
// finding's id is made of session, rule and account.
func byAccount(f *dissect.Facts, hits []Hit, severity func(*dissect.Attempt) (alerts.Severity, bool)) []Hit {
	var room [1]fold // most sessions have one account
	folds := room[:0]
	var index map[string]int // of folds, once there are two
	for _, a := range f.Auth {
		s, ok := severity(a)
		if !ok {
			continue
		}
		i, there := 0, len(folds) > 0
		if there && (index != nil || hits[folds[0].at].Account != a.Account) {
			if index == nil {
				index = map[string]int{hits[folds[0].at].Account: 0}
			}
			i, there = index[a.Account]
		}
		if !there {
			i = len(folds)
			folds = append(folds, fold{at: len(hits)})
			hits, _ = more(hits)
			if index != nil {
				index[a.Account] = i
			}
		}
		folds[i].add(&hits[folds[i].at], a, s)
	}
	for i := range folds {
		folds[i].tellAll(&hits[folds[i].at], f)
	}
	return hits
}

// toldDetail are the details of an attempt that its finding tells, in this
// order: who logged in from where and to what, and how hard it is to crack.
var toldDetail = [...]string{
	"authzid", "domain", "workstation", "response", "target-computer", "target-domain", // NTLM
	"realm", "service", "encryption", // Kerberos
	"iterations", "channel-binding", // SCRAM
}

// fold is the attempts of one account.
type fold struct {
	at         int              // of their hit
	mechanisms [maxNames]string // each once
	named      int              // so many of them
	told       []told           // in the order of toldDetail
	count      int
	accepted   bool
}

// told are the values that the attempts have of one detail.
type told struct {
	key    int // in toldDetail
	values []string
}

func (o *fold) add(h *Hit, a *dissect.Attempt, s alerts.Severity) {
	o.count++
	h.Severity = max(h.Severity, s)
	h.Account, h.HasAccount = a.Account, h.HasAccount || a.HasAccount
	o.accepted = o.accepted || a.Outcome == dissect.Accepted
	o.named = len(addOnce(o.mechanisms[:o.named], a.Mechanism))
	for _, d := range a.Detail {
		if key := slices.Index(toldDetail[:], d.Key); key >= 0 {
			o.tell(key, d.Value)
		}
	}
	h.Quotes = clientLines(h.Quotes, a)
}

func (o *fold) tell(key int, value string) {
	at, there := slices.BinarySearchFunc(o.told, key, func(t told, key int) int { return t.key - key })
	if !there {
		o.told = slices.Insert(o.told, at, told{key: key})
	}
	o.told[at].values = addOnce(o.told[at].values, value)
}

// tellAll fills in what the attempts add up to.
func (o *fold) tellAll(h *Hit, f *dissect.Facts) {
	mechanisms, attempts, accepted := join(o.mechanisms[:o.named], ", "), "", ""
	h.Detail = append(h.Detail, dissect.Pair{Key: "mechanism", Value: mechanisms})
	for _, t := range o.told {
		h.Detail = append(h.Detail, dissect.Pair{Key: toldDetail[t.key], Value: join(t.values, ", ")})
	}
	if o.count > 1 {
		count := strconv.Itoa(o.count)
		attempts = ", " + count + " attempts"
		h.Detail = append(h.Detail, dissect.Pair{Key: "attempts", Value: count})
	}
	if o.accepted {
		accepted = ", accepted"
	}
	h.Why = said(name(f.Protocol), " with ", mechanisms, attempts, accepted)
}

// maxNames is how many different names a detail lists.
const maxNames = 8

func addOnce(list []string, s string) []string {
	if len(list) == maxNames || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// join puts names that peers chose into one text of at most MaxText bytes.
func join(names []string, between string) string {
	s := joined(names, between)
	return s[:min(len(s), dissect.MaxText)]
}

// clientLines appends what the client sent in an attempt, or all lines where
// none of the client was seen, up to MaxEvidence.
func clientLines(lines []*dissect.Quote, a *dissect.Attempt) []*dissect.Quote {
	sent := slices.ContainsFunc(a.Quotes, func(q dissect.Quote) bool { return q.Side == dissect.Client })
	for i := range a.Quotes {
		if q := &a.Quotes[i]; len(lines) < MaxEvidence && (q.Side == dissect.Client || !sent) {
			lines = append(lines, q)
		}
	}
	return lines
}
