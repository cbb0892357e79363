package store

import (
	"bytes"
	"database/sql/driver"
	"slices"

	"github.com/mailtap/mailtap/alerts"
)

// standing is how an admin left a case that a batch adds to, and what its
// findings made of that. The zero value is a case that findings do not change.
type standing struct {
	status      alerts.Status
	resolvedAt  int64
	expires     int64 // 0: never
	floor       alerts.Severity
	reopened    alerts.Reopening
	reopeningAt int64 // time of the finding that did it
}

// meet holds a new finding against what an admin decided before it. The first
// finding that breaks it counts, so how batches are cut changes nothing.
func (s *standing) meet(f *alerts.Finding) {
	if s.reopened != alerts.NotReopened {
		return
	}
	switch s.status {
	case alerts.Resolved:
		if f.Time > s.resolvedAt {
			s.reopened = alerts.Regressed
		}
	case alerts.AcceptedRisk:
		switch {
		case f.Severity > s.floor:
			s.reopened = alerts.Worsened
		case s.expires != 0 && f.Time >= s.expires:
			s.reopened = alerts.Expired
		}
	}
	s.reopeningAt = f.Time
}

const findStandingSQL = `SELECT status, coalesce(resolved_at, 0), coalesce(expires, 0), floor FROM cases WHERE uid = ? AND status IN (2, 3)`

// meet holds a new finding against how an admin left its case. The transaction
// that stores the finding also reopens the case, though cases count it later:
// what an admin decides in between is about a finding that was there.
func (db *database) meet(f *alerts.Finding) error {
	s := db.standings[f.Case]
	if s == nil {
		left, err := db.standingOf(f)
		if err != nil {
			return err
		}
		s = &left
		db.standings[f.Case] = s
	}
	if s.status != alerts.New && !slices.Contains(db.known, f.Case) {
		s.meet(f)
	}
	return nil
}

// standingOf returns how an admin left the case of f.
func (db *database) standingOf(f *alerts.Finding) (standing, error) {
	var row [4]driver.Value
	found, err := db.findStanding.row(row[:], f.Case[:])
	if !found || err != nil {
		return standing{}, err
	}
	var n [4]int64
	for i := range row {
		v, ok := row[i].(int64)
		if !ok {
			return standing{}, errDamaged
		}
		n[i] = v
	}
	return standing{status: alerts.Status(n[0]), resolvedAt: n[1], expires: n[2], floor: alerts.Severity(n[3])}, nil
}

const reopenCaseSQL = `UPDATE cases SET status = 0, reopened = ?, floor = 0 WHERE uid = ?`

const noteReopeningSQL = `INSERT INTO changes (bulk, kase, at, who, reason, status, reopened, resolved_at, expires, floor, note)
	SELECT 0, uid, ?, '', '', status, reopened, resolved_at, expires, floor, note FROM cases WHERE uid = ?`

// reopen makes the cases of the batch new that its findings brought back.
func (db *database) reopen() error {
	var reopened []alerts.CaseID
	for id, s := range db.standings {
		if s.reopened != alerts.NotReopened {
			reopened = append(reopened, id)
		}
	}
	// In some order that is the same with every run.
	slices.SortFunc(reopened, func(a, b alerts.CaseID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range reopened {
		s := db.standings[id]
		if _, err := db.reopenCase.exec(int64(s.reopened), id[:]); err != nil {
			return err
		}
		if _, err := db.noteReopening.exec(s.reopeningAt, id[:]); err != nil {
			return err
		}
	}
	return nil
}
