package store

import (
	"net/url"

	"github.com/mattn/go-sqlite3"
)

// copyBytes is how many bytes of blocks and cases are written until what the
// write-ahead log holds is copied. With the pages that have them it is about half
// of checkpointBytes, so the writer itself seldom has much to copy.
const copyBytes = 8 << 20

// checkpointer copies what the write-ahead log holds into the database, by a
// connection and in a goroutine of its own: the writer goes on meanwhile, and
// does not wait for the disk. What was added since is left to the next time, and
// in the end to the writer, who alone empties the log. So is an error, which it
// meets again.
type checkpointer struct {
	c       *sqlite3.SQLiteConn
	running chan struct{} // holds a token while one runs
}

func newCheckpointer(path string) (*checkpointer, error) {
	db, err := connect(dataSource(path, url.Values{"mode": {"rw"}, "_mutex": {"no"}, "_synchronous": {"NORMAL"}}))
	if err != nil {
		return nil, err
	}
	// It opens the log now, not when path may name another file.
	if _, err := db.identify(); err != nil {
		db.c.Close()
		return nil, err
	}
	return &checkpointer{c: db.c, running: make(chan struct{}, 1)}, nil
}

// start begins to copy, unless that is going on.
func (c *checkpointer) start() {
	select {
	case c.running <- struct{}{}:
		go func() {
			c.c.Exec("PRAGMA wal_checkpoint(PASSIVE)", nil)
			<-c.running
		}()
	default:
	}
}

// close waits until nothing is copied any more.
func (c *checkpointer) close() error {
	c.running <- struct{}{}
	return c.c.Close()
}
