package store

import (
	"database/sql/driver"
	"fmt"
	"math"
	"time"

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
