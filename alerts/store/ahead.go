package store

import "database/sql"

// maxRowsAhead is how many rows of contents are handed over at a time: to wake
// another goroutine costs more than a few of them.
const maxRowsAhead = 32

// ahead reads rows of contents in a goroutine of its own: what SQLite does is
// almost half of the time that a walk takes.
type ahead struct {
	rows *sql.Rows
	next chan []contentsRow // closed behind the last
	done chan struct{}      // closed when no more are wanted
	err  error              // valid when next is closed
}

// contentsRow is a row of contents.
type contentsRow struct {
	block, oldest, newest int64
	entries               blob
}

// blob takes over the bytes of a column, which the driver makes anew for every
// row.
type blob []byte

// Scan is for database/sql.
func (b *blob) Scan(value any) error {
	*b, _ = value.([]byte) // what is none is damaged, and reading it says so
	return nil
}

func readAhead(rows *sql.Rows) *ahead {
	a := &ahead{rows: rows, next: make(chan []contentsRow), done: make(chan struct{})}
	go a.read()
	return a
}

// read hands over few rows at first: a page may need no more.
func (a *ahead) read() {
	defer close(a.next)
	for n := 1; ; n = min(2*n, maxRowsAhead) {
		list, err := a.some(n)
		if len(list) > 0 {
			select {
			case a.next <- list:
			case <-a.done:
				return
			}
		}
		if err != nil || len(list) < n {
			a.err = err
			return
		}
	}
}

// some reads the next n rows, or what there is.
func (a *ahead) some(n int) (list []contentsRow, err error) {
	list = make([]contentsRow, 0, n)
	for len(list) < n && a.rows.Next() {
		var c contentsRow
		if err := a.rows.Scan(&c.block, &c.oldest, &c.newest, &c.entries); err != nil {
			return list, err
		}
		list = append(list, c)
	}
	return list, a.rows.Err()
}

// stop ends the reading, and returns when it has ended.
func (a *ahead) stop() {
	close(a.done)
	for range a.next {
	}
}
