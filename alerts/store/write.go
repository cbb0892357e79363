package store

import (
	"database/sql/driver"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// write stores a batch in one transaction. Their records stand one behind the
// other and end at ends.
func (db *database) write(batch []alerts.Result, records []byte, ends []int) (err error) {
	if err := db.begin(); err != nil {
		return err
	}
	defer db.end(&err)
	if err := db.catchUp(); err != nil {
		return err
	}
	from := 0
	for i := range batch {
		if err := db.put(&batch[i], records[from:ends[i]]); err != nil {
			return err
		}
		from = ends[i]
	}
	return db.settle()
}

const catchUpSQL = `SELECT (SELECT data_version FROM pragma_data_version),
	(SELECT coalesce(max(id), 0) FROM blocks), (SELECT coalesce(max(id), 0) FROM names),
	(SELECT coalesce(max(id), 0) FROM cases)`

// catchUp forgets what another connection may have changed, and sees where
// blocks, names and cases end. The transaction keeps both true.
func (db *database) catchUp() error {
	row, err := db.ask(catchUpSQL, 4)
	if err != nil {
		return err
	}
	if version := row[0].(int64); version != db.version {
		db.forget()
		db.version = version
	}
	db.block.start(row[1].(int64) + 1)
	db.names.next = row[2].(int64) + 1
	db.nextCase = row[3].(int64) + 1
	return nil
}

// forget empties what is remembered of the database's rows, and what waits to
// be written.
func (db *database) forget() {
	db.names = names{memory: newMemory[string](maxNames)}
	db.cases = newMemory[alerts.CaseID](maxCases)
	db.tally.reset()
}

// settle writes what the sessions put so far left for later.
func (db *database) settle() error {
	if err := db.writeBlock(); err != nil {
		return err
	}
	if err := db.addUp(); err != nil {
		return err
	}
	return db.writeNames()
}

const addSessionSQL = `INSERT INTO sessions (start, uid, body, packets, protocol, verdict, client, server)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

// put stores one result, or leaves things as they are where the database has
// that session already.
func (db *database) put(r *alerts.Result, body []byte) error {
	f := r.Session.Facts
	mark := len(db.names.fresh)
	id, client := db.block.body(), db.names.client(f.Client)
	added, err := db.addSession.exec(f.Start/1000, r.Session.ID[:], id, int64(f.Packets), int64(f.Protocol),
		int64(r.Session.Verdict), client, db.names.server(f.Server))
	if err != nil {
		return err
	}
	if added == 0 {
		db.names.undo(mark)
		return db.again(r, body)
	}
	db.tally.verdicts[r.Session.Verdict]++
	return db.keep(id, client, r, body)
}

// keep puts a session's record where id says, and its findings.
func (db *database) keep(id, client int64, r *alerts.Result, body []byte) error {
	db.block.add(body)
	for n := range r.Findings {
		f, from := &r.Findings[n], client
		if f.Client != r.Session.Facts.Client {
			from = db.names.client(f.Client)
		}
		db.tally.add(id, int64(n), from, f)
	}
	if db.block.full() {
		return db.writeBlock()
	}
	return nil
}

const findSessionSQL = `SELECT body, packets, verdict FROM sessions WHERE start = ? AND uid = ?`

const replaceSessionSQL = `UPDATE sessions SET body = ?, packets = ?, protocol = ?, verdict = ?, client = ?, server = ?
	WHERE start = ? AND uid = ?`

// again handles a session that the database has. A capture that was cut in the
// middle of it may be analysed before the whole one: the session with more
// packets stays. The old record stays in its block, and nothing leads to it.
func (db *database) again(r *alerts.Result, body []byte) error {
	f := r.Session.Facts
	key := []driver.Value{f.Start / 1000, r.Session.ID[:]}
	var row [3]driver.Value
	if _, err := db.findSession.row(row[:], key...); err != nil {
		return err
	}
	old, packets, verdict := row[0].(int64), row[1].(int64), row[2].(int64)
	if int64(f.Packets) <= packets {
		return nil
	}
	// The old one may be of this very batch.
	if err := db.settle(); err != nil {
		return err
	}
	if err := db.dropFindings(old); err != nil {
		return err
	}
	id, client := db.block.body(), db.names.client(f.Client)
	_, err := db.replaceSession.exec(id, int64(f.Packets), int64(f.Protocol), int64(r.Session.Verdict),
		client, db.names.server(f.Server), key[0], key[1])
	if err != nil {
		return err
	}
	db.tally.verdicts[verdict]--
	db.tally.verdicts[r.Session.Verdict]++
	return db.keep(id, client, r, body)
}

const dropFindingSQL = `DELETE FROM findings WHERE time = ? AND body = ? AND n = ? RETURNING kase`

// dropFindings removes the findings of a session. Their keys are in its record.
func (db *database) dropFindings(body int64) error {
	var row [1]driver.Value
	if _, err := db.findBlock.row(row[:], body/blockSessions); err != nil {
		return err
	}
	compressed, _ := row[0].([]byte)
	raw, err := unpack(nil, compressed)
	if err != nil {
		return err
	}
	b, ok := place(raw, body%blockSessions)
	if !ok {
		return errDamaged
	}
	_, findings, err := record.Decode(b)
	if err != nil {
		return fmt.Errorf("session %d: %w", body, err)
	}
	for n, f := range findings {
		if _, err := db.dropFinding.row(row[:], f.Time, body, int64(n)); err != nil {
			return err
		}
		db.tally.dropped(row[0].(int64), f.Severity)
	}
	return nil
}
