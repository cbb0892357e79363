package store

import (
	"database/sql/driver"
	"fmt"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
	"github.com/mailtap/mailtap/dissect"
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
	return db.addUp()
}

// catchUp forgets what another connection may have changed, and sees where the
// bodies end. The transaction keeps both true.
func (db *database) catchUp() error {
	row, err := db.ask("SELECT (SELECT data_version FROM pragma_data_version), (SELECT coalesce(max(id), 0) FROM bodies)", 2)
	if err != nil {
		return err
	}
	if version := row[0].(int64); version != db.version {
		db.forget()
		db.version = version
	}
	db.nextBody = row[1].(int64) + 1
	db.tally.reset()
	return nil
}

// forget empties what is remembered of the database's rows.
func (db *database) forget() {
	db.names = make(map[string]int64)
	db.cases = make(map[alerts.CaseID]int64)
}

const addSessionSQL = `INSERT INTO sessions (start, uid, body, packets, protocol, verdict, client, server)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

const addBodySQL = `INSERT INTO bodies (id, record) VALUES (?, ?)`

// put stores one result, or leaves things as they are where the database has
// that session already.
func (db *database) put(r *alerts.Result, body []byte) error {
	f := r.Session.Facts
	client, server, err := db.endpoints(f)
	if err != nil {
		return err
	}
	id := db.nextBody
	added, err := db.addSession.exec(f.Start/1000, r.Session.ID[:], id, int64(f.Packets), int64(f.Protocol),
		int64(r.Session.Verdict), client, server)
	if err != nil {
		return err
	}
	if added == 0 {
		return db.again(r, body)
	}
	if _, err := db.addBody.exec(id, body); err != nil {
		return err
	}
	db.nextBody++
	db.tally.verdicts[r.Session.Verdict]++
	return db.addFindings(id, r.Findings)
}

const findSessionSQL = `SELECT body, packets, verdict FROM sessions WHERE start = ? AND uid = ?`

const replaceSessionSQL = `UPDATE sessions SET packets = ?, protocol = ?, verdict = ?, client = ?, server = ?
	WHERE start = ? AND uid = ?`

const findBodySQL = `SELECT record FROM bodies WHERE id = ?`

const replaceBodySQL = `UPDATE bodies SET record = ? WHERE id = ?`

// again handles a session that the database has. A capture that was cut in the
// middle of it may be analysed before the whole one: the session with more
// packets stays.
func (db *database) again(r *alerts.Result, body []byte) error {
	f := r.Session.Facts
	key := []driver.Value{f.Start / 1000, r.Session.ID[:]}
	var row [3]driver.Value
	if _, err := db.findSession.row(row[:], key...); err != nil {
		return err
	}
	id, packets, verdict := row[0].(int64), row[1].(int64), row[2].(int64)
	if int64(f.Packets) <= packets {
		return nil
	}
	if err := db.dropFindings(id); err != nil {
		return err
	}
	client, server, err := db.endpoints(f)
	if err != nil {
		return err
	}
	if _, err := db.replaceSession.exec(int64(f.Packets), int64(f.Protocol), int64(r.Session.Verdict), client, server, key[0], key[1]); err != nil {
		return err
	}
	if _, err := db.replaceBody.exec(body, id); err != nil {
		return err
	}
	db.tally.verdicts[verdict]--
	db.tally.verdicts[r.Session.Verdict]++
	return db.addFindings(id, r.Findings)
}

const addFindingSQL = `INSERT INTO findings (time, body, n, kase, severity, client, account) VALUES (?, ?, ?, ?, ?, ?, ?)`

func (db *database) addFindings(body int64, findings []alerts.Finding) error {
	for n := range findings {
		f := &findings[n]
		kase, err := db.kase(f)
		if err != nil {
			return err
		}
		client, err := db.clientName(f.Client)
		if err != nil {
			return err
		}
		account, err := db.accountName(f)
		if err != nil {
			return err
		}
		if _, err := db.addFinding.exec(f.Time, body, int64(n), kase, int64(f.Severity), client, account); err != nil {
			return err
		}
		db.tally.add(kase, body, f)
	}
	return nil
}

const dropFindingSQL = `DELETE FROM findings WHERE time = ? AND body = ? AND n = ? RETURNING kase`

// dropFindings removes the findings of a session. Their keys are in its record.
func (db *database) dropFindings(body int64) error {
	var row [1]driver.Value
	if _, err := db.findBody.row(row[:], body); err != nil {
		return err
	}
	_, findings, err := record.Decode(row[0].([]byte))
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

func (db *database) endpoints(f *dissect.Facts) (client, server int64, err error) {
	client, err = db.clientName(f.Client)
	if err != nil {
		return 0, 0, err
	}
	server, err = db.serverName(f.Server)
	return client, server, err
}
