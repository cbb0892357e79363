-- Texts that many rows share: rules, titles, accounts, servers ("10.0.0.9:25"),
-- clients ("10.0.0.5"). A name, once given, is never deleted. A text that the
-- writer has not met for long gets another number: an index to find the first
-- one by would touch a page of its own with every new name.
CREATE TABLE names (
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL
);

-- What lists and filters of sessions need. The id alone would be a key that
-- hits another page with every insert; behind the start, rows come in order.
CREATE TABLE sessions (
	start    INTEGER NOT NULL, -- first packet, µs since 1970 UTC, as in the id
	uid      BLOB    NOT NULL, -- alerts.SessionID
	body     INTEGER NOT NULL, -- where the session itself is, see blocks
	packets  INTEGER NOT NULL,
	protocol INTEGER NOT NULL, -- dissect.Protocol
	verdict  INTEGER NOT NULL, -- alerts.Verdict
	client   INTEGER NOT NULL, -- names.id
	server   INTEGER NOT NULL, -- names.id
	PRIMARY KEY (start, uid)
) WITHOUT ROWID;

-- The sessions themselves with their findings, as package record writes them:
-- up to 32 in a block, each behind its length, compressed together. A body is
-- the number of its block times 32 and its place in the block, from 0.
CREATE TABLE blocks (
	id      INTEGER PRIMARY KEY,
	records BLOB NOT NULL
);

CREATE TABLE cases (
	id          INTEGER PRIMARY KEY,
	uid         BLOB    NOT NULL UNIQUE, -- alerts.CaseID
	rule        INTEGER NOT NULL,        -- names.id
	title       INTEGER NOT NULL,        -- names.id
	severity    INTEGER NOT NULL,        -- the highest of its findings
	blame       INTEGER NOT NULL,        -- alerts.Blame
	protocol    INTEGER NOT NULL,        -- of its first finding
	server      INTEGER NOT NULL,        -- names.id
	client      INTEGER,                 -- names.id where the case key has a client
	account     INTEGER,                 -- names.id where the case key has an account
	first       INTEGER NOT NULL,        -- times of its first and last finding, ns
	last        INTEGER NOT NULL,
	count       INTEGER NOT NULL,        -- findings
	sessions    INTEGER NOT NULL,        -- sessions with a finding
	status      INTEGER NOT NULL DEFAULT 0,
	resolved_at INTEGER,                 -- ns
	note        TEXT    NOT NULL DEFAULT ''
);

-- What lists and filters of findings need. Body and n say where the finding
-- itself is: the n-th of the record, from 0.
CREATE TABLE findings (
	time     INTEGER NOT NULL, -- ns since 1970 UTC
	body     INTEGER NOT NULL,
	n        INTEGER NOT NULL,
	kase     INTEGER NOT NULL, -- cases.id
	severity INTEGER NOT NULL, -- alerts.Severity
	client   INTEGER NOT NULL, -- names.id
	account  INTEGER,          -- names.id
	PRIMARY KEY (time, body, n)
) WITHOUT ROWID;

CREATE INDEX findings_of_case ON findings (kase, time);

-- How many sessions have each verdict ('verdict') and how many findings each
-- severity ('severity'), kept with every batch: counting a million rows takes
-- too long for a line that is drawn every second.
CREATE TABLE tallies (
	kind  TEXT    NOT NULL,
	value INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (kind, value)
) WITHOUT ROWID;
