package store

import (
	"database/sql/driver"
	"math"
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// One phone that polls every minute must not fill a disk in a year. So the words
// of lines are kept for the first and the last findings of a case: a session
// all of whose findings are between these is thinned, see record.Thin.
const (
	keptFirst = 5  // findings of a case, by time, whose sessions stay whole
	keptLast  = 20 // the same of the last

	thinEvery = time.Hour // from the end of a pass of the writer to the next
	thinPart  = 20        // a pass takes this part of the writer's time

	maxThinCases = 16 << 10 // cases of a pass, those with the most findings
	maxSeenStep  = 1024     // blocks whose contents a step looks at
	maxThinStep  = 1024     // sessions from which on a step looks no further, and writes them again
	thinBlock    = 4        // a block is written again for this part of its sessions
)

// thinner is one pass. It goes through the contents twice, in steps that leave
// room for others: first it sees what the first and last findings of a case are,
// then it thins the sessions of those between.
type thinner struct {
	db      *database
	cases   map[alerts.CaseID]*kept // nil: the pass has not begun
	seen    bool                    // all first and last findings are known
	at      int64                   // the last block that was looked at
	end     int64                   // the last one of the pass: a writer may add others all the time
	thinned int64

	listing listing
	entry   entry
	encoder record.Encoder
}

// kept is the times of the findings of a case that stay whole.
type kept struct {
	first [keptFirst]int64 // in order
	last  [keptLast]int64  // in order, the newest first
}

func newKept() *kept {
	k := new(kept)
	for i := range k.first {
		k.first[i] = math.MaxInt64
	}
	for i := range k.last {
		k.last[i] = math.MinInt64
	}
	return k
}

func (k *kept) see(time int64) {
	if at := time; at < k.first[keptFirst-1] {
		for i := range k.first {
			if at < k.first[i] {
				k.first[i], at = at, k.first[i]
			}
		}
	}
	if at := time; at > k.last[keptLast-1] {
		for i := range k.last {
			if at > k.last[i] {
				k.last[i], at = at, k.last[i]
			}
		}
	}
}

// between tells whether a finding is neither a first nor a last one.
func (k *kept) between(time int64) bool {
	return time > k.first[keptFirst-1] && time < k.last[keptLast-1]
}

// step does a part of the pass, in a transaction of its own, and tells whether
// it was the last one.
func (t *thinner) step() (done bool, err error) {
	if err := t.db.begin(); err != nil {
		return false, err
	}
	defer t.db.end(&err)
	if t.cases == nil {
		err := t.begin()
		return len(t.cases) == 0, err
	}
	if t.seen {
		return t.thin()
	}
	err = t.see()
	return false, err
}

// A block that cases or subjects do not count yet must keep its sessions.
const countedSQL = `SELECT coalesce(min(` + foldedSQL + `, ` + talliedSQL + `), 0)`

const manyFindingsSQL = `SELECT uid FROM cases WHERE count > ? ORDER BY count DESC LIMIT ?`

// begin lists the cases with findings between the first and the last.
func (t *thinner) begin() error {
	t.cases = make(map[alerts.CaseID]*kept)
	row, err := t.db.ask(countedSQL, 1)
	if err != nil {
		return err
	}
	t.end, _ = row[0].(int64)
	return t.db.each(manyFindingsSQL, func(row []driver.Value) error {
		uid, ok := row[0].([]byte)
		if !ok || len(uid) != len(alerts.CaseID{}) {
			return errDamaged
		}
		t.cases[alerts.CaseID(uid)] = newKept()
		return nil
	}, int64(keptFirst+keptLast), int64(maxThinCases))
}

const nextContentsSQL = `SELECT block, entries FROM contents WHERE block > ? AND block <= ? ORDER BY block LIMIT ?`

// see looks at the findings of the blocks that come next.
func (t *thinner) see() error {
	l, e := &t.listing, &t.entry
	from := t.at
	err := t.db.each(nextContentsSQL, func(row []driver.Value) error {
		t.at, _ = row[0].(int64)
		entries, _ := row[1].([]byte)
		for l.load(entries); l.next(e); {
			if e.gone {
				continue
			}
			for i := range e.findings {
				f := &e.findings[i]
				if k := t.cases[l.cases[f.kase].id]; k != nil {
					k.see(f.time)
				}
			}
		}
		if l.bad {
			return errDamaged
		}
		return nil
	}, t.at, t.end, int64(maxSeenStep))
	if err == nil && t.at == from {
		t.seen, t.at = true, 0
	}
	return err
}

// thin thins the sessions of the blocks that come next.
func (t *thinner) thin() (done bool, err error) {
	from, there := t.at, 0
	var blocks []ripeBlock
	err = t.db.each(nextContentsSQL, func(row []driver.Value) error {
		if there >= maxThinStep {
			return nil
		}
		t.at, _ = row[0].(int64)
		entries, _ := row[1].([]byte)
		ripe, n, err := t.ripe(entries)
		if ripe != nil {
			blocks = append(blocks, ripeBlock{t.at, entries, ripe})
			there += n
		}
		return err
	}, t.at, t.end, int64(maxSeenStep))
	if err != nil || len(blocks) == 0 {
		return t.at == from, err
	}
	r := repacker{thinner: t}
	if err := r.run(blocks); err != nil {
		return false, err
	}
	t.thinned += r.thinned
	_, err = t.db.change(addMarkSQL, "thinned-sessions", r.thinned)
	return false, err
}

// ripe tells for each session of a block whether it can be thinned, and how many
// there are; nil if those that can are too few.
func (t *thinner) ripe(entries []byte) (ripe []bool, there int, err error) {
	l, e := &t.listing, &t.entry
	n := 0
	for l.load(entries); l.next(e); {
		kept := func(f findingEntry) bool {
			k := t.cases[l.cases[f.kase].id]
			return k == nil || !k.between(f.time)
		}
		can := !e.gone && !e.thinned && len(e.findings) > 0 && !slices.ContainsFunc(e.findings, kept)
		ripe = append(ripe, can)
		if can {
			n++
		}
		if !e.gone {
			there++
		}
	}
	switch {
	case l.bad:
		return nil, 0, errDamaged
	case n == 0 || n*thinBlock < there:
		return nil, 0, nil
	}
	return ripe, there, nil
}

// all does the whole pass, and leaves room for others between the steps.
func (t *thinner) all() error {
	for {
		done := false
		err := inTurn(func() (err error) { done, err = t.step(); return err })
		if done || err != nil {
			return err
		}
	}
}
