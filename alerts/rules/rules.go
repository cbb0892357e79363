// Package rules is the table of what mailtap judges: one row a rule, each with
// a pure function over the Facts of one session, or over these and what earlier
// sessions showed. Nothing else in the program knows the rules by name.
//
// A rule fires on what was seen, never on what was missed: not knowing is a
// value. A rejected login leaks as much as an accepted one.
package rules

import (
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// MaxEvidence is how many lines a finding shows.
const MaxEvidence = 8

// Group is the chapter of the catalogue that a rule stands in.
type Group string

// The groups, in the order of the catalogue.
const (
	Credential Group = "credential"
	Encryption Group = "encryption"
	Downgrade  Group = "downgrade"
	TLS        Group = "tls"
	Exposure   Group = "exposure"
)

// Rule is one row of the table.
type Rule struct {
	ID       string // stable: it is in databases and policies
	Group    Group
	Severity alerts.Severity // the highest that it gives by itself
	Blame    alerts.Blame
	Who      Who
	Needs    Premise        // it holds in no session of which this was not seen
	Title    string         // what is wrong, in general
	Why      string         // why it matters
	Fix      string         // what to do
	Config   []dissect.Pair // how, by program
	Clients  []dissect.Pair // the same in mail programs
	Refs     []string       // "RFC 3207, section 4", "CVE-2011-0411", a vendor's page

	// Judge appends a hit for each time that the rule holds in f. It gives
	// the same hits for redacted Facts. It is nil where one session alone
	// tells nothing. Lists of a hit may lie in memory that hits has had before,
	// and nowhere else: whoever resets hits keeps a copy of them.
	Judge func(f *dissect.Facts, hits []Hit) []Hit

	// JudgeAt takes the place of Judge where the admin has a policy. It is nil
	// where that does not matter.
	JudgeAt func(f *dissect.Facts, s *Site, hits []Hit) []Hit

	// Recall does the same with what earlier sessions showed, of redacted
	// Facts. It is nil where these do not matter.
	Recall func(f *dissect.Facts, past *Past, hits []Hit) []Hit
}

// Hit is one time that a rule holds.
type Hit struct {
	Severity   alerts.Severity
	Account    string
	HasAccount bool
	Why        string           // what was seen in this session
	Detail     []dissect.Pair   // each key once
	Quotes     []*dissect.Quote // of the Facts or made from them, at most MaxEvidence, telling lines in order

	// Earlier is evidence of sessions before, in order; at most MaxEvidence
	// with Quotes.
	Earlier []alerts.Evidence
	// Until is the capture time before which a later session of the same
	// client and server takes the hit over if the rule holds there, too: so
	// many attempts are one finding. 0: it stands by itself.
	Until int64
}

// Reset empties h, and keeps the memory of its lists for another hit.
func (h *Hit) Reset() {
	clear(h.Detail)
	quotes := h.Quotes[:cap(h.Quotes)]
	clear(quotes)
	if len(quotes) > maxSpareQuotes {
		quotes = nil
	}
	*h = Hit{Detail: h.Detail[:0], Quotes: quotes[:0]}
}

// maxSpareQuotes is the number of lines that an empty hit has room for at most.
const maxSpareQuotes = 64

// more appends an empty hit. It has the memory of the one that stood there
// before, see Hit.Reset.
func more(hits []Hit) ([]Hit, *Hit) {
	n := len(hits)
	if n == cap(hits) {
		hits = append(hits, Hit{})
		return hits, &hits[n]
	}
	hits = hits[:n+1]
	hits[n].Reset()
	return hits, &hits[n]
}

// Rules is the table. Its order is the order of findings of equal severity.
var Rules = located(remembering(slices.Concat(credential, abuse, encryption, downgrade, changed, handshake, certificate, exposure)))

// Find returns the rule with an id, or nil.
func Find(id string) *Rule {
	for i := range Rules {
		if Rules[i].ID == id {
			return &Rules[i]
		}
	}
	return nil
}
