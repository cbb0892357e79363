-- What an overview shows: sessions by verdict and findings by severity of each
-- server (1), client (2), account (3), rule (4) and hour (5). What has no row,
-- as there are too many of its kind, is counted together in one of kind 0 that
-- has the number of the kind for its name.
CREATE TABLE subjects (
	kind      INTEGER NOT NULL,
	name      TEXT    NOT NULL, -- "10.0.0.9:25", "10.0.0.5", an account, a rule's id, hours since 1970 UTC
	unknown   INTEGER NOT NULL,
	protected INTEGER NOT NULL,
	clear     INTEGER NOT NULL,
	weak      INTEGER NOT NULL,
	exposed   INTEGER NOT NULL,
	info      INTEGER NOT NULL,
	low       INTEGER NOT NULL,
	medium    INTEGER NOT NULL,
	high      INTEGER NOT NULL,
	critical  INTEGER NOT NULL,
	last      INTEGER NOT NULL, -- start of the last session, ns since 1970 UTC
	PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- 'tallied' is the last block that subjects count: those of a database of
-- before are all to be counted.
INSERT INTO marks (name, value) VALUES ('tallied', 0);
