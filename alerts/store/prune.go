package store

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/mailtap/mailtap/alerts"
)

// Bounds of a transaction of Prune, so that a capture need not wait long.
const (
	pruneBlocks = 128
	prunePages  = 1024 // that are given back to the file system at once
)

// Pruned is what Prune took out.
type Pruned struct {
	Sessions, Findings int64
	Cases              int64 // that nobody had touched, and that have no finding left
	Thinned            int64 // sessions that are left, and that lost the words of their lines
}

// Prune thins what is left, see README.md, and takes the sessions that began before the time before, ns since 1970
// UTC, and their findings out of the database at path, and gives the room back.
// They are not stored again: analysing an old capture adds nothing. A case that
// an admin has touched stays, also without findings. A capture may write
// meanwhile. With dryRun nothing is changed, and Cases is not known.
func Prune(path string, before int64, dryRun bool) (Pruned, error) {
	t, err := OpenTriage(path)
	if err != nil {
		return Pruned{}, err
	}
	defer t.Close()
	p := pruner{db: t.db, before: before, dry: dryRun}
	err = p.run()
	return p.total, explain(path, err)
}

// pruner prunes a database. Its blocks are rewritten without the sessions that
// are too old, or go as a whole.
type pruner struct {
	db     *database
	before int64
	dry    bool
	total  Pruned

	// Of one transaction.
	chunk      Pruned
	cases      map[alerts.CaseID]*growth
	verdicts   [alerts.Exposed + 1]int64
	severities [alerts.Critical + 1]int64
	thinned    int64
}

func (p *pruner) run() error {
	if !p.dry {
		// From now on nothing is added that would have to go.
		if err := p.some(nil); err != nil {
			return err
		}
	}
	blocks, err := p.blocks()
	if err != nil {
		return err
	}
	for len(blocks) > 0 {
		n := min(pruneBlocks, len(blocks))
		if err := inTurn(func() error { return p.some(blocks[:n]) }); err != nil {
			return err
		}
		blocks = blocks[n:]
	}
	if p.dry {
		return nil
	}
	if err := p.db.tallyAgain(); err != nil {
		return err
	}
	thin := thinner{db: p.db}
	err = thin.all()
	p.total.Thinned = thin.thinned
	if err != nil {
		return err
	}
	return p.shrink()
}

// inTurn runs a transaction and leaves the database to others for as long as it
// took: SQLite's lock is not fair, and a capture waits five seconds at most.
func inTurn(transaction func() error) error {
	begun := time.Now()
	err := transaction()
	time.Sleep(time.Since(begun))
	return err
}

const oldBlocksSQL = `SELECT block FROM contents WHERE oldest < ? ORDER BY block`

// blocks lists the blocks with something old.
func (p *pruner) blocks() (ids []int64, err error) {
	err = p.db.each(oldBlocksSQL, func(row []driver.Value) error {
		id, ok := row[0].(int64)
		if !ok {
			return errDamaged
		}
		ids = append(ids, id)
		return nil
	}, p.before)
	return ids, err
}

// each calls f with the rows that a query gives.
func (db *database) each(query string, f func(row []driver.Value) error, args ...driver.Value) error {
	rows, err := db.c.Query(query, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// some prunes some blocks in one transaction, which sets the watermark too.
func (p *pruner) some(blocks []int64) (err error) {
	p.chunk, p.cases, p.thinned = Pruned{}, make(map[alerts.CaseID]*growth), 0
	p.verdicts, p.severities = [alerts.Exposed + 1]int64{}, [alerts.Critical + 1]int64{}
	if err := p.db.begin(); err != nil {
		return err
	}
	defer p.db.end(&err)
	if !p.dry {
		if err := p.db.fold(); err != nil {
			return err
		}
		row, err := p.db.ask("SELECT "+talliedSQL, 1)
		if err != nil {
			return err
		}
		tallied, ok := row[0].(int64)
		if !ok {
			return errDamaged
		}
		p.db.startUntally(tallied)
	}
	for _, id := range blocks {
		if err := p.block(id); err != nil {
			return err
		}
	}
	if !p.dry {
		if err := p.settle(); err != nil {
			return err
		}
	}
	p.total.Sessions += p.chunk.Sessions
	p.total.Findings += p.chunk.Findings
	p.total.Cases += p.chunk.Cases
	return nil
}

const dropSessionSQL = `DELETE FROM sessions WHERE start = ? AND body = ?`

// block prunes one block.
func (p *pruner) block(id int64) error {
	var row [1]driver.Value
	found, err := p.db.findContents.row(row[:], id)
	if err != nil || !found {
		return err // another prune was here
	}
	entries, _ := row[0].([]byte)
	var l listing
	var e entry
	var old []int64 // places
	kept := false
	for l.load(entries); l.next(&e); {
		switch {
		case e.start >= p.before:
			kept = kept || !e.gone
		default:
			old = append(old, e.place)
			if e.gone {
				continue
			}
			entries[e.flagsAt] |= entryGone
			p.count(&l, &e, id)
			if p.dry {
				continue
			}
			if err := p.db.untally(&l, &e, id); err != nil {
				return err
			}
			if _, err := p.db.dropSession.exec(e.start/1000, id*blockSessions+e.place); err != nil {
				return err
			}
		}
	}
	switch {
	case l.bad:
		return errDamaged
	case p.dry || len(old) == 0:
		return nil
	case kept:
		return p.rewrite(id, entries, old)
	}
	return p.db.dropBlock(id)
}

// count takes a session out of the counts.
func (p *pruner) count(l *listing, e *entry, block int64) {
	p.chunk.Sessions++
	p.chunk.Findings += int64(len(e.findings))
	p.verdicts[e.verdict]--
	if e.thinned {
		p.thinned--
	}
	for i := range e.findings {
		f := &e.findings[i]
		p.severities[f.severity]--
		id := l.cases[f.kase].id
		g := p.cases[id]
		if g == nil {
			g = new(growth)
			p.cases[id] = g
		}
		g.add(f.severity, f.time, block*blockSessions+e.place)
	}
}

// rewrite empties the records of a block that are too old. The others keep
// their places, which sessions refer to.
func (p *pruner) rewrite(id int64, entries []byte, old []int64) error {
	row := make([]driver.Value, 1)
	err := p.db.each(findBlockSQL, func(r []driver.Value) error { row[0] = r[0]; return nil }, id)
	if err != nil {
		return err
	}
	compressed, _ := row[0].([]byte)
	raw, err := unpack(nil, compressed)
	if err != nil {
		return err
	}
	var out []byte
	for place := int64(0); len(raw) > 0; place++ {
		r, rest, ok := nextRecord(raw)
		if !ok {
			return errDamaged
		}
		raw = rest
		if len(old) > 0 && old[0] == place {
			r, old = nil, old[1:]
		}
		out = append(binary.AppendUvarint(out, uint64(len(r))), r...)
	}
	if _, err := p.db.change("UPDATE blocks SET records = ? WHERE id = ?", s2.Encode(nil, out), id); err != nil {
		return err
	}
	_, err = p.db.changeContents.exec(entries, id)
	return err
}

// pruneCaseSQL takes findings from a case. When and how bad it was stays.
const pruneCaseSQL = `UPDATE cases SET count = max(count - ?, 0), sessions = max(sessions - ?, 0) WHERE uid = ?`

// settle writes what the blocks of the transaction add up to.
func (p *pruner) settle() error {
	db := p.db
	for id, g := range p.cases {
		if _, err := db.change(pruneCaseSQL, g.count, g.sessions, id[:]); err != nil {
			return err
		}
		n, err := db.dropCase.exec(id[:])
		if err != nil {
			return err
		}
		p.chunk.Cases += n
	}
	if err := db.count(tallyVerdicts, p.verdicts[:]); err != nil {
		return err
	}
	if err := db.count(tallySeverities, p.severities[:]); err != nil {
		return err
	}
	if err := db.writeSubjects(); err != nil {
		return err
	}
	return p.mark()
}

// mark notes what was pruned, and up to when.
func (p *pruner) mark() error {
	if _, err := p.db.change(raiseMarkSQL, "watermark", p.before); err != nil {
		return err
	}
	if _, err := p.db.change(addMarkSQL, "pruned-sessions", p.chunk.Sessions); err != nil {
		return err
	}
	if _, err := p.db.change(addMarkSQL, "thinned-sessions", p.thinned); err != nil {
		return err
	}
	_, err := p.db.change(addMarkSQL, "pruned-findings", p.chunk.Findings)
	return err
}

// shrink gives free pages back, some in each transaction. Where another program
// has the database open, the file gets smaller when that folds the log into it.
func (p *pruner) shrink() error {
	step := fmt.Sprintf("PRAGMA incremental_vacuum(%d)", prunePages)
	for last := int64(math.MaxInt64); ; {
		row, err := p.db.ask("SELECT freelist_count FROM pragma_freelist_count", 1)
		if err != nil {
			return err
		}
		free := row[0].(int64)
		if free == 0 || free >= last {
			return p.db.run("PRAGMA wal_checkpoint(TRUNCATE)")
		}
		last = free
		// A page goes with each row that is asked for.
		vacuum := func() error { return p.db.each(step, func([]driver.Value) error { return nil }) }
		if err := inTurn(vacuum); err != nil {
			return err
		}
	}
}
