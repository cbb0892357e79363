-- One row a session: where it is, and how much was seen of it. The id alone
-- would be a key that hits another page with every insert; behind the start,
-- rows come in order.
CREATE TABLE sessions (
	start   INTEGER NOT NULL, -- first packet, µs since 1970 UTC, as in the id
	uid     BLOB    NOT NULL, -- alerts.SessionID
	body    INTEGER NOT NULL, -- where the session itself is, see blocks
	packets INTEGER NOT NULL,
	PRIMARY KEY (start, uid)
) WITHOUT ROWID;

-- The sessions themselves with their findings, as package record writes them:
-- up to 64 in a block, each behind its length, compressed together. A body is
-- the number of its block times 64 and its place in the block, from 0.
CREATE TABLE blocks (
	id      INTEGER PRIMARY KEY,
	records BLOB NOT NULL
);

-- What lists and filters need of the sessions and findings of a block. A row
-- for each of them would cost ten times as much to write, and read no faster.
CREATE TABLE contents (
	block   INTEGER PRIMARY KEY,
	oldest  INTEGER NOT NULL, -- least and greatest time in entries, ns since 1970 UTC
	newest  INTEGER NOT NULL,
	entries BLOB    NOT NULL
);

CREATE INDEX contents_by_newest ON contents (newest, oldest);
CREATE INDEX contents_by_oldest ON contents (oldest, newest);

-- What findings of one rule share. A rule may get another title one day.
CREATE TABLE kinds (
	id    INTEGER PRIMARY KEY,
	rule  TEXT    NOT NULL, -- its id
	title TEXT    NOT NULL,
	blame INTEGER NOT NULL  -- alerts.Blame
);

CREATE TABLE cases (
	uid         BLOB    PRIMARY KEY, -- alerts.CaseID
	kind        INTEGER NOT NULL,    -- kinds.id
	severity    INTEGER NOT NULL,    -- the highest of its findings
	protocol    INTEGER NOT NULL,    -- of its first finding
	first       INTEGER NOT NULL,    -- times of its first and last finding, ns
	last        INTEGER NOT NULL,
	count       INTEGER NOT NULL,    -- findings
	sessions    INTEGER NOT NULL,    -- sessions with a finding
	server      TEXT    NOT NULL,    -- "10.0.0.9:25"
	client      TEXT,                -- "10.0.0.5" where the case key has a client
	account     TEXT,                -- where the case key has an account
	status      INTEGER NOT NULL DEFAULT 0,
	resolved_at INTEGER,             -- ns
	note        TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE INDEX cases_touched ON cases (status) WHERE status <> 0;

-- How many sessions have each verdict ('verdict') and how many findings each
-- severity ('severity'), kept with every batch: counting a million rows takes
-- too long for a line that is drawn every second.
CREATE TABLE tallies (
	kind  TEXT    NOT NULL,
	value INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (kind, value)
) WITHOUT ROWID;
