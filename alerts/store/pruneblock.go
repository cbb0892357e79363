package store

import (
	"database/sql/driver"
	"encoding/binary"

	"github.com/klauspost/compress/s2"
)

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
