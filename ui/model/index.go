package model

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
	"github.com/mailtap/mailtap/alerts/store"
	"github.com/mailtap/mailtap/dissect"
)

// Bounds of an Index.
const (
	maxIndexed = 400_000 // cases
	maxTouched = 20_000  // cases that an admin has changed and that are read at once
)

// Index is what the sessions of a database tell of its cases: enough to
// filter, sort and fold all of them without asking the store for each. It is
// made with a Survey and does not change afterwards.
type Index struct {
	// Whole tells that it has every case. Else only their causes are of use.
	Whole bool

	entries []entry
	numbers table // of entries, by id
	texts   words // servers, clients and accounts
	rules   []ruled
}

// ruled is a rule that cases are of.
type ruled struct {
	id   string
	kind causeKind
	rank rank
}

// entry is one case. Texts are numbers, or noText.
type entry struct {
	id                      alerts.CaseID
	severity                alerts.Severity
	protocol                dissect.Protocol
	rule                    uint16
	server, client, account int32
	findings, sessions      int32
	cause                   int32 // number of the case that stands for it, or its own
	first, last             int64
}

const noText = -1

// indexer makes an Index of results.
type indexer struct {
	index   *Index
	kinship kinship
	rules   map[string]uint16
	cases   []int32 // of the session
	cut     bool    // there was something that the index does not have
}

// newIndexer returns one with room for so many cases: to grow would take as much
// memory again.
func newIndexer(cases int64) *indexer {
	n := int(min(cases, maxIndexed))
	return &indexer{
		index:   &Index{numbers: newTable(n), texts: newWords(n), entries: make([]entry, 0, n)},
		rules:   make(map[string]uint16),
		kinship: kinship{kin: make([]kin, 0, n), met: make([]int32, 0, n)},
	}
}

// add takes in the findings of one session.
func (b *indexer) add(findings []alerts.Finding) {
	b.cases = b.cases[:0]
	for i := range findings {
		f := &findings[i]
		n, ok := b.number(f)
		if !ok {
			b.cut = true
			continue
		}
		e := &b.index.entries[n]
		e.severity = max(e.severity, f.Severity)
		e.first, e.last = min(e.first, f.Time), max(e.last, f.Time)
		e.findings++ // a survey is not of so many that they do not fit
		if !slices.Contains(b.cases, n) {
			e.sessions++
			b.cases = append(b.cases, n)
		}
	}
	b.kinship.session(b.index, b.cases)
}

// number returns the number of the case of a finding, false where it cannot be
// told, or there are too many.
func (b *indexer) number(f *alerts.Finding) (int32, bool) {
	r := rules.Find(f.Rule)
	if r == nil {
		return 0, false
	}
	id := alerts.NewCaseID(f.Rule, r.Blame, f.Client, f.Server, f.Account)
	if n, ok := b.index.find(&id); ok {
		return n, true
	}
	e := entry{id: id, protocol: f.Protocol, first: f.Time, last: f.Time}
	client, hasAccount := "", false
	switch r.Blame {
	case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
		client = f.Client.Addr().String()
	case alerts.BlameAccount:
		hasAccount = f.HasAccount
	}
	return b.insert(f.Rule, e, f.Server.String(), client, f.Account, hasAccount)
}

// insert adds a case.
func (b *indexer) insert(rule string, e entry, server, client, account string, hasAccount bool) (n int32, ok bool) {
	x := b.index
	if len(x.entries) == maxIndexed {
		return 0, false
	}
	e.client, e.account = noText, noText
	e.server, ok = x.texts.number(server)
	if ok && client != "" {
		e.client, ok = x.texts.number(client)
	}
	if ok && hasAccount {
		e.account, ok = x.texts.number(account)
	}
	if !ok {
		return 0, false
	}
	n = int32(len(x.entries))
	e.rule, e.cause = b.rule(rule), n
	x.entries = append(x.entries, e)
	x.numbers.insert(n, func(n int32) uint64 { return maphash.Bytes(x.numbers.seed, x.entries[n].id[:]) })
	return n, true
}

// find returns the number of a case.
func (x *Index) find(id *alerts.CaseID) (n int32, ok bool) {
	if len(x.entries) == 0 {
		return 0, false
	}
	return x.numbers.find(maphash.Bytes(x.numbers.seed, id[:]), func(n int32) bool { return x.entries[n].id == *id })
}

func (b *indexer) rule(id string) uint16 {
	n, ok := b.rules[id]
	if !ok && len(b.index.rules) <= math.MaxUint16 {
		n = uint16(len(b.index.rules))
		b.rules[id] = n
		kind, rank := causeOf(id)
		b.index.rules = append(b.index.rules, ruled{strings.Clone(id), kind, rank}) // else it keeps the record that it is from
	}
	return n
}

// finish returns the index. It is whole where every case that the store counted
// before and after is there.
func (b *indexer) finish(source Source, before store.Counts) (*Index, error) {
	x := b.index
	b.kinship.roots(x)
	if b.cut || len(x.entries) <= MaxMatches {
		return x, nil // there are few: they are read whole
	}
	touched, ok, err := readTouched(source, 0)
	if err != nil || !ok {
		return x, err
	}
	for i := range touched { // some may have no findings left
		c := &touched[i]
		if _, known := x.find(&c.ID); known {
			continue
		}
		e := entry{id: c.ID, severity: c.Severity, protocol: c.Protocol, first: c.First, last: c.Last}
		b.insert(c.Rule, e, c.Server, c.Client, c.Account, c.HasAccount)
	}
	after, err := source.Counts()
	x.Whole = int64(len(x.entries)) >= total(before.Cases[:]) && int64(len(x.entries)) <= total(after.Cases[:])
	return x, err
}

func total(counts []int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// readTouched reads the cases that admins have changed, false where they are
// too many.
func readTouched(source Source, now int64) (list []alerts.Case, ok bool, err error) {
	f := store.Filter{
		Statuses: []alerts.Status{alerts.Acknowledged, alerts.Resolved, alerts.AcceptedRisk, alerts.FalsePositive},
		Now:      now, Limit: store.MaxPage,
	}
	for ; f.Offset < maxTouched; f.Offset += f.Limit {
		page, err := source.Cases(f)
		if err != nil {
			return nil, false, err
		}
		list = append(list, page...)
		if len(page) < f.Limit {
			return list, true, nil
		}
	}
	return nil, false, nil
}

// root returns the case that stands for one.
func (x *Index) root(id alerts.CaseID) alerts.CaseID {
	if x == nil {
		return id
	}
	if n, ok := x.find(&id); ok {
		return x.entries[x.entries[n].cause].id
	}
	return id
}

// fill writes what the index knows of the n-th case.
func (x *Index) fill(c *alerts.Case, n int32) {
	e := &x.entries[n]
	*c = alerts.Case{
		ID: e.id, Rule: x.rules[e.rule].id, Severity: e.severity, Protocol: e.protocol, Server: x.texts.text(e.server),
		First: e.first, Last: e.last, Findings: int64(e.findings), Sessions: int64(e.sessions),
	}
	if e.client != noText {
		c.Client = x.texts.text(e.client)
	}
	if e.account != noText {
		c.Account, c.HasAccount = x.texts.text(e.account), true
	}
}

// inOrder compares cases as the store lists them.
func (x *Index) inOrder(a, b int32) int {
	ea, eb := &x.entries[a], &x.entries[b]
	return cmp.Or(cmp.Compare(eb.severity, ea.severity), cmp.Compare(eb.last, ea.last), slices.Compare(ea.id[:], eb.id[:]))
}
