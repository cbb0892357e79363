package store

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/dissect"
)

// Cases are counted behind the sessions that have their findings: the contents
// of blocks are read back, and what several of them add to a case is written
// once. The mark 'folded' is the last block that cases count. It moves in the
// same transaction, so they are exact for the blocks up to it, whoever folds
// and whatever is killed.
const (
	maxUnfolded = 64 << 10               // cases that blocks wait with, each counted once a block
	maxFolded   = 16 << 10               // cases that are added up in memory
	minFoldWait = 100 * time.Millisecond // of the first findings until cases count them: a short run has less to do at its end
	maxFoldWait = 500 * time.Millisecond // of later ones, each time longer: the more wait, the less work each is
	caseBytes   = 512                    // that one adds to the write-ahead log, about: few of those of a fold share a page
	foldPart    = 10                     // the writer folds for this part of its time, unless maxUnfolded is reached
)

// folder adds up what blocks add to cases.
type folder struct {
	blames  map[int64]alerts.Blame  // by kinds.id
	numbers map[alerts.CaseID]int32 // in cases
	cases   []foldedCase
	order   []placed
	texts   []byte // of cases, one behind the other

	listing listing
	entry   entry
	spans   []textSpan // of the texts of listing; empty: not yet in texts
}

// foldedCase is what blocks add to one case, and what its key says of it.
type foldedCase struct {
	growth
	id       alerts.CaseID
	kind     int32 // kinds.id
	protocol dissect.Protocol
	party    party
	server   textSpan
	other    textSpan // the client or the account, see party
}

// placed is where a case is in folder.cases. Most are put in order by the first
// bytes of their ids, which lie together here.
type placed struct {
	first uint64
	n     int32
}

// party is what the key of a case has beside its server.
type party uint8

const (
	nobody party = iota
	client
	account
)

func (f *folder) reset() {
	if f.numbers == nil {
		f.numbers = make(map[alerts.CaseID]int32)
	}
	clear(f.numbers)
	clear(f.spans)
	f.cases, f.order, f.texts = f.cases[:0], f.order[:0], f.texts[:0]
}

const foldedSQL = `(SELECT value FROM marks WHERE name = 'folded')`

const unfoldedSQL = `SELECT block, entries FROM contents WHERE block > ` + foldedSQL + ` ORDER BY block`

// foldAll folds in a transaction of its own.
func (db *database) foldAll() (err error) {
	if err := db.begin(); err != nil {
		return err
	}
	defer db.end(&err)
	return db.fold()
}

// fold brings cases up to the last block, within a transaction.
func (db *database) fold() error {
	rows, err := db.c.Query(unfoldedSQL, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	f := &db.folder
	f.reset()
	if f.blames, err = db.blames(); err != nil {
		return err
	}
	row := make([]driver.Value, 2)
	last := int64(-1)
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		block, ok := row[0].(int64)
		entries, ok1 := row[1].([]byte)
		if !ok || !ok1 || !f.take(block, entries) {
			return errDamaged
		}
		last = block
		if len(f.cases) >= maxFolded {
			if err := db.growCases(f); err != nil {
				return err
			}
		}
	}
	if last < 0 {
		return nil
	}
	if err := db.growCases(f); err != nil {
		return err
	}
	_, err = db.change(raiseMarkSQL, "folded", last)
	return err
}

// take adds a block, or returns false where it makes no sense.
func (f *folder) take(block int64, entries []byte) bool {
	l, e := &f.listing, &f.entry
	l.load(entries)
	f.spans = append(f.spans[:0], make([]textSpan, len(l.texts))...)
	for l.next(e) {
		if e.gone {
			continue
		}
		for i := range e.findings {
			found := &e.findings[i]
			f.grow(e, found).add(found.severity, found.time, block*blockSessions+e.place)
		}
	}
	return !l.bad
}

// grow returns what counts the findings of a case.
func (f *folder) grow(e *entry, found *findingEntry) *foldedCase {
	l := &f.listing
	ref := &l.cases[found.kase]
	if n, ok := f.numbers[ref.id]; ok {
		return &f.cases[n]
	}
	c := foldedCase{id: ref.id, kind: int32(ref.kind), protocol: e.protocol, server: f.text(e.server)}
	switch f.blames[ref.kind] {
	case alerts.BlameAccount:
		if found.account != noText {
			c.party, c.other = account, f.text(found.account)
		}
	case alerts.BlameClient, alerts.BlamePath, alerts.BlameClientServer:
		c.party, c.other = client, f.text(found.client)
	}
	n := int32(len(f.cases))
	f.numbers[ref.id] = n
	f.cases = append(f.cases, c)
	f.order = append(f.order, placed{binary.BigEndian.Uint64(ref.id[:]), n})
	return &f.cases[n]
}

// text keeps a text of the listing.
func (f *folder) text(n int) textSpan {
	s := &f.spans[n]
	if s.to == 0 {
		s.from = int32(len(f.texts))
		f.texts = append(f.texts, f.listing.text(n)...)
		s.to = int32(len(f.texts))
	}
	return *s
}

func (f *folder) string(s textSpan) string { return string(f.texts[s.from:s.to]) }

const (
	addCaseSQL = `INSERT INTO cases (uid, kind, severity, protocol, first, last, count, sessions, server, client, account)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	growCaseSQL = ` ON CONFLICT DO UPDATE SET severity = max(severity, excluded.severity), first = min(first, excluded.first),
	last = max(last, excluded.last), count = count + excluded.count, sessions = sessions + excluded.sessions`
)

// growCases adds to each case what f has for it, and empties f. In the order of
// their ids, those on the same page follow each other.
func (db *database) growCases(f *folder) error {
	slices.SortFunc(f.order, func(a, b placed) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return bytes.Compare(f.cases[a.n].id[:], f.cases[b.n].id[:])
	})
	rows := db.addCase.rows(&db.addCases)
	for _, p := range f.order {
		c := &f.cases[p.n]
		var parties [account + 1]driver.Value
		if c.party != nobody {
			parties[c.party] = f.string(c.other)
		}
		err := rows.add(c.id[:], int64(c.kind), int64(c.severity), int64(c.protocol), c.first, c.last, c.count, c.sessions,
			f.string(c.server), parties[client], parties[account])
		if err != nil {
			return err
		}
	}
	db.logged += len(f.order) * caseBytes
	f.reset()
	return rows.flush()
}
