package store

import (
	"embed"
	"errors"
	"fmt"
	"path"
)

// applicationID marks a database as ours: "mltp" in the header of the file.
const applicationID = 0x6d6c7470

// The schema: numbered files, each applied in a transaction of its own. A file
// once released is never edited.
//
//go:embed migrations/*.sql
var migrations embed.FS

// schemaVersion is the number of the last migration. PRAGMA user_version holds
// that of a database.
const schemaVersion = 3

// identity is what the header of a database says of it.
type identity struct {
	application, version int64
	tables               int64
}

var errForeign = errors.New("a database of another program: name another file with --db")

// check returns an error unless the database is ours, or empty, and of a
// schema that this program knows.
func (id identity) check() error {
	switch {
	case id == identity{}:
		return nil
	case id.application != applicationID:
		return errForeign
	case id.version < 0:
		return errDamaged
	case id.version > schemaVersion:
		return fmt.Errorf("schema %d is newer than this mailtap knows (%d): update mailtap, or name another file with --db",
			id.version, schemaVersion)
	}
	return nil
}

const identitySQL = `SELECT
	(SELECT application_id FROM pragma_application_id),
	(SELECT user_version FROM pragma_user_version),
	(SELECT count(*) FROM sqlite_schema)`

// identify reads the identity of the database.
func (db *database) identify() (identity, error) {
	row, err := db.ask(identitySQL, 3)
	if err != nil {
		return identity{}, err
	}
	return identity{row[0].(int64), row[1].(int64), row[2].(int64)}, nil
}

// migrate brings the schema to this program's version. Another program may be
// doing the same: the version is read again inside each transaction.
func (db *database) migrate() error {
	for {
		done, err := db.step()
		if done || err != nil {
			return err
		}
	}
}

func (db *database) step() (done bool, err error) {
	if err := db.begin(); err != nil {
		return false, err
	}
	defer db.end(&err)
	id, err := db.identify()
	if err == nil {
		err = id.check()
	}
	if err != nil || id.version == schemaVersion {
		return true, err
	}
	script, err := migration(id.version + 1)
	if err != nil {
		return false, err
	}
	return false, db.run(fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", script, applicationID, id.version+1))
}

// migration returns the script that leads to a version.
func migration(version int64) (string, error) {
	names, err := migrations.ReadDir("migrations")
	if err != nil {
		return "", err
	}
	script, err := migrations.ReadFile(path.Join("migrations", names[version-1].Name()))
	return string(script), err
}
