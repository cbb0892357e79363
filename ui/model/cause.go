package model

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/rules"
)

// maxKin is how many cases may be thought to stand for one.
const maxKin = 16

// causeKind is what a case may have in common with others of its server. A log-in
// without TLS is often a case of the password, one of the message and one of
// what the server offers; a server with an old TLS library gives one of each
// weakness.
type causeKind uint8

const (
	ownCause   causeKind = iota // it stands for itself
	tlsCause                    // how the server does TLS
	clearCause                  // that something was readable
)

// rank says which of two cases that were seen in the same sessions stands for
// the other.
type rank uint8

const (
	never  rank = iota // it says what a server would have allowed
	usual              // what somebody did
	server             // the server left its clients no choice
)

func causeOf(rule string) (causeKind, rank) {
	switch r := rules.Find(rule); {
	case r == nil:
		return ownCause, never
	case r.Group == rules.TLS && r.Blame == alerts.BlameServer:
		return tlsCause, usual
	case r.Group == rules.Encryption && r.Blame == alerts.BlameServer:
		return clearCause, server
	case r.Group == rules.Credential && r.Blame == alerts.BlameServer:
		return clearCause, never
	case r.Group == rules.Credential, r.Group == rules.Encryption, r.Group == rules.Downgrade:
		return clearCause, usual
	}
	return ownCause, never
}

// kinship finds out which cases come of one cause, from the cases of one
// session after the other: a case stands for another one of its server when no
// session had the other without it. Numbers are those of an Index.
type kinship struct {
	kin  []kin   // of each case: those that all of its sessions had
	all  []int32 // the numbers of those
	met  []int32 // number of the session that had a case last
	many int32   // sessions so far
}

// kin is a part of kinship.all.
type kin struct {
	from uint32
	n    uint8
}

func (k *kinship) of(n int32) []int32 { return k.all[k.kin[n].from:][:k.kin[n].n] }

// session takes in the cases of one session, each once.
func (k *kinship) session(x *Index, cases []int32) {
	k.many++
	for len(k.kin) < len(x.entries) {
		k.kin, k.met = append(k.kin, kin{}), append(k.met, 0)
	}
	for _, n := range cases {
		k.met[n] = k.many
	}
	for _, n := range cases {
		e := &x.entries[n]
		if e.sessions == 1 {
			from := len(k.all)
			k.all = x.candidates(k.all, n, cases)
			k.kin[n] = kin{uint32(from), uint8(len(k.all) - from)}
			continue
		}
		left := slices.DeleteFunc(k.of(n), func(other int32) bool { return k.met[other] != k.many })
		k.kin[n].n = uint8(len(left))
	}
}

// candidates adds to dst which of the cases may stand for the n-th one.
func (x *Index) candidates(dst []int32, n int32, cases []int32) []int32 {
	e := &x.entries[n]
	kind := x.rules[e.rule].kind
	if kind == ownCause {
		return dst
	}
	full := len(dst) + maxKin
	for _, want := range [...]rank{server, usual, never} { // where there are too many, the first matter most
		for _, other := range cases {
			o := &x.entries[other]
			r := &x.rules[o.rule]
			if r.rank == want && other != n && r.kind == kind && o.server == e.server && len(dst) < full {
				dst = append(dst, other)
			}
		}
	}
	return dst
}

// roots sets the cause of each case: the one of its kin that was seen in the
// most sessions, and then what stands for that.
func (k *kinship) roots(x *Index) {
	for n := range k.kin {
		best := int32(n)
		for _, other := range k.of(int32(n)) {
			if x.stands(other, best) {
				best = other
			}
		}
		x.entries[n].cause = best
	}
	for n := range k.kin {
		root := x.entries[n].cause
		for x.entries[root].cause != root { // each stands above the one before, so that it ends
			root = x.entries[root].cause
		}
		x.entries[n].cause = root
	}
}

// stands tells whether case a stands for case b where both were seen in the
// sessions of b.
func (x *Index) stands(a, b int32) bool {
	ea, eb := &x.entries[a], &x.entries[b]
	ra, rb := x.rules[ea.rule].rank, x.rules[eb.rule].rank
	switch {
	case ra == never || rb == never:
		return ra > rb || ra == rb && above(ea, eb)
	case ea.sessions != eb.sessions:
		return ea.sessions > eb.sessions
	case ra != rb:
		return ra > rb
	}
	return above(ea, eb)
}

func above(a, b *entry) bool {
	return cmp.Or(cmp.Compare(a.sessions, b.sessions), bytes.Compare(a.id[:], b.id[:])) > 0
}
