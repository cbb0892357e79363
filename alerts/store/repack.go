package store

import (
	"database/sql/driver"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// ripeBlock is one that is to be written again.
type ripeBlock struct {
	id      int64
	entries []byte
	ripe    []bool // of its sessions, by place: it is to be thinned
}

// repacker writes the sessions of blocks again, those that are ripe thinned, as
// many to a block as it holds: of a capture with little traffic each has one, and
// 64 together take a tenth of that. The new blocks have numbers of old ones. They
// are never more, as none is closed before it is full.
type repacker struct {
	*thinner
	ids     []int64 // that are free
	raw     []byte
	thinned int64
}

const (
	dropBlockSQL    = `DELETE FROM blocks WHERE id = ?`
	dropContentsSQL = `DELETE FROM contents WHERE block = ?`
)

func (r *repacker) run(blocks []ripeBlock) error {
	db := r.db
	for i := range blocks {
		r.ids = append(r.ids, blocks[i].id)
	}
	db.block.start(r.ids[0])
	for i := range blocks {
		b := &blocks[i]
		if err := r.load(b.id); err != nil {
			return err
		}
		// Gone before others are added, its page can be used for them.
		if err := db.dropBlock(b.id); err != nil {
			return err
		}
		if err := r.block(b); err != nil {
			return err
		}
	}
	return r.write()
}

func (r *repacker) load(id int64) error {
	var row [1]driver.Value
	if err := r.db.each(findBlockSQL, func(columns []driver.Value) error { row[0] = columns[0]; return nil }, id); err != nil {
		return err
	}
	compressed, _ := row[0].([]byte)
	raw, err := unpack(r.raw, compressed)
	r.raw = raw
	return err
}

func (db *database) dropBlock(id int64) error {
	if _, err := db.change(dropBlockSQL, id); err != nil {
		return err
	}
	_, err := db.change(dropContentsSQL, id)
	return err
}

// block takes over the sessions of a block that are still there.
func (r *repacker) block(b *ripeBlock) error {
	l, e := &r.listing, &r.entry
	raw := r.raw
	for l.load(b.entries); l.next(e); {
		one, rest, ok := nextRecord(raw)
		if !ok || e.place >= int64(len(b.ripe)) {
			return errDamaged
		}
		raw = rest
		if e.gone {
			continue
		}
		if err := r.session(one, b.ripe[e.place]); err != nil {
			return err
		}
	}
	if l.bad {
		return errDamaged
	}
	return nil
}

// session puts the present session of the listing into the new block.
func (r *repacker) session(bytes []byte, ripe bool) error {
	db, e := r.db, &r.entry
	s, findings, err := record.Decode(bytes)
	if err != nil || len(findings) != len(e.findings) {
		return errDamaged
	}
	if ripe {
		record.Thin(&s, findings)
		thin, err := r.encoder.Encode(&s, findings)
		if err != nil {
			return err
		}
		if len(thin) < len(bytes) { // or its short lines stay: the new blocks must not be more than the old ones
			bytes = thin
		}
		r.thinned++
	}
	if _, err := db.replaceSession.exec(db.block.body(), int64(s.Facts.Packets), s.Facts.Start/1000, s.ID[:]); err != nil {
		return err
	}
	db.block.add(bytes)
	r.list(&s, findings, ripe || e.thinned)
	if db.block.full() {
		return r.write()
	}
	return nil
}

// list adds the session to the contents of the new block.
func (r *repacker) list(s *alerts.Session, findings []alerts.Finding, thinned bool) {
	c := &r.db.block.contents
	at := len(c.entries)
	c.session(s, len(findings))
	if thinned {
		c.entries[at] |= entryThinned
	}
	for i := range findings {
		kase := &r.listing.cases[r.entry.findings[i].kase]
		if !c.hasCase(kase.id) {
			c.addCase(kase.id, kase.kind)
		}
		findings[i].Case = kase.id
		c.finding(s, &findings[i])
	}
}

// write writes the new block and begins another one.
func (r *repacker) write() error {
	db := r.db
	if db.block.count == 0 {
		return nil
	}
	unfolded := db.unfolded
	if err := db.writeBlock(); err != nil {
		return err
	}
	db.unfolded = unfolded // cases count these long since
	if r.ids = r.ids[1:]; len(r.ids) > 0 {
		db.block.start(r.ids[0])
	}
	return nil
}
