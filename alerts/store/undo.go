package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// ErrNothingToUndo says that no change is left that was not undone.
var ErrNothingToUndo = errors.New("there is no change to undo")

// Undo takes back the last change that is not undone: of the cases with these
// ids, of each its own; without ids the last of all, with every case that it
// changed. It returns how many cases are as they were before. Those that
// findings have reopened since stay reopened, and are not counted.
func (t *Triage) Undo(who string, at int64, ids ...alerts.CaseID) (int64, error) {
	switch {
	case who == "" || at == 0:
		return 0, errors.New("undoing a change needs to say who did it, and when")
	case len(who) > MaxNote:
		return 0, fmt.Errorf("a text of more than %d bytes", MaxNote)
	case len(ids) > MaxCases:
		return 0, fmt.Errorf("%d cases are named, and undoing takes up to %d", len(ids), MaxCases)
	}
	n, err := t.db.undo(who, at, ids)
	if errors.Is(err, ErrNothingToUndo) {
		return 0, err
	}
	return n, explain(t.path, err)
}

func (db *database) undo(who string, at int64, ids []alerts.CaseID) (n int64, err error) {
	if err := db.begin(); err != nil {
		return 0, err
	}
	defer db.end(&err)
	if err := db.fold(); err != nil {
		return 0, err
	}
	number, err := db.nextBulk()
	if err != nil {
		return 0, err
	}
	marked, err := db.markUndone(number, who, at, ids)
	if err == nil && marked == 0 {
		err = ErrNothingToUndo
	}
	if err != nil {
		return 0, err
	}
	return db.restore(number)
}

const markUndoneSQL = `UPDATE changes SET undone = ?, undone_at = ?, undone_by = ? WHERE undone IS NULL AND `

// lastChange is the bulk of the last change that is not undone.
const lastChange = `bulk = (SELECT max(bulk) FROM changes WHERE bulk > 0 AND undone IS NULL)`

// lastOfCases are the last changes, of each case, that are not undone.
const lastOfCases = `id IN (SELECT max(id) FROM changes WHERE bulk > 0 AND undone IS NULL AND kase IN (?%s) GROUP BY kase)`

func (db *database) markUndone(number int64, who string, at int64, ids []alerts.CaseID) (int64, error) {
	args := []driver.Value{number, at, who}
	if len(ids) == 0 {
		return db.change(markUndoneSQL+lastChange, args...)
	}
	for _, id := range ids {
		args = append(args, id[:])
	}
	return db.change(markUndoneSQL+fmt.Sprintf(lastOfCases, strings.Repeat(", ?", len(ids)-1)), args...)
}

// undoneCases are the cases of an undoing of which no later change is left.
const undoneCases = `(SELECT u.kase FROM changes u WHERE u.undone = ?1 AND NOT EXISTS (
	SELECT 1 FROM changes l WHERE l.kase = u.kase AND l.id > u.id AND l.undone IS NULL))`

// A case without an earlier change is as an analysis made it.
const resetSQL = `UPDATE cases SET status = 0, reopened = 0, resolved_at = NULL, expires = NULL, floor = 0, note = ''
	WHERE uid IN ` + undoneCases

const restoreSQL = adoptSQL + `cases.uid IN ` + undoneCases + `
	AND h.id = (SELECT max(id) FROM changes WHERE kase = cases.uid AND undone IS NULL)`

// restore gives cases back what the change before the undone one had left.
func (db *database) restore(number int64) (int64, error) {
	n, err := db.change(resetSQL, number)
	if err != nil {
		return 0, err
	}
	_, err = db.change(restoreSQL, number)
	return n, err
}
