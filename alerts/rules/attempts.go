package rules

import (
	"slices"
	"strconv"
	"strings"

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
		if there && (index != nil || folds[0].Account != a.Account) {
			if index == nil {
				index = map[string]int{folds[0].Account: 0}
			}
			i, there = index[a.Account]
		}
		if !there {
			i = len(folds)
			folds = append(folds, fold{})
			if index != nil {
				index[a.Account] = i
			}
		}
		folds[i].add(a, s)
	}
	for i := range folds {
		hits = append(hits, folds[i].hit(f))
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
	Hit
	mechanisms []string
	told       []told // in the order of toldDetail
	count      int
	accepted   bool
}

// told are the values that the attempts have of one detail.
type told struct {
	key    int // in toldDetail
	values []string
}

func (o *fold) add(a *dissect.Attempt, s alerts.Severity) {
	o.count++
	o.Severity = max(o.Severity, s)
	o.Account, o.HasAccount = a.Account, o.HasAccount || a.HasAccount
	o.accepted = o.accepted || a.Outcome == dissect.Accepted
	o.mechanisms = addOnce(o.mechanisms, a.Mechanism)
	for _, d := range a.Detail {
		if key := slices.Index(toldDetail[:], d.Key); key >= 0 {
			o.tell(key, d.Value)
		}
	}
	if o.Quotes == nil {
		o.Quotes = make([]*dissect.Quote, 0, min(len(a.Quotes), MaxEvidence))
	}
	o.Quotes = clientLines(o.Quotes, a)
}

func (o *fold) tell(key int, value string) {
	at, there := slices.BinarySearchFunc(o.told, key, func(t told, key int) int { return t.key - key })
	if !there {
		o.told = slices.Insert(o.told, at, told{key: key})
	}
	o.told[at].values = addOnce(o.told[at].values, value)
}

func (o *fold) hit(f *dissect.Facts) Hit {
	mechanisms, attempts, accepted := join(o.mechanisms, ", "), "", ""
	o.Detail = append(make([]dissect.Pair, 0, 1+len(o.told)), dissect.Pair{Key: "mechanism", Value: mechanisms})
	for _, t := range o.told {
		o.Detail = append(o.Detail, dissect.Pair{Key: toldDetail[t.key], Value: join(t.values, ", ")})
	}
	if o.count > 1 {
		count := strconv.Itoa(o.count)
		attempts = ", " + count + " attempts"
		o.Detail = append(o.Detail, dissect.Pair{Key: "attempts", Value: count})
	}
	if o.accepted {
		accepted = ", accepted"
	}
	o.Why = name(f.Protocol) + " with " + mechanisms + attempts + accepted
	return o.Hit
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
	s := strings.Join(names, between)
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
