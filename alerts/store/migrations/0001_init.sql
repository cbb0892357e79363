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
	reopened    INTEGER NOT NULL DEFAULT 0, -- alerts.Reopening
	resolved_at INTEGER,             -- ns
	expires     INTEGER,             -- ns: when an accepted risk ends
	floor       INTEGER NOT NULL DEFAULT 0, -- severity that was accepted
	note        TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE INDEX cases_touched ON cases (status) WHERE status <> 0;

-- What admins, and findings that reopened a case, have done to it. A row holds
-- how the change left the case, so undoing one is going back to the row before.
CREATE TABLE changes (
	id          INTEGER PRIMARY KEY,
	bulk        INTEGER NOT NULL,    -- number of the change it is a part of; 0: a finding did it
	kase        BLOB    NOT NULL,    -- cases.uid
	at          INTEGER NOT NULL,    -- ns: the admin's time, or that of the finding
	who         TEXT    NOT NULL,    -- '': a finding
	reason      TEXT    NOT NULL,
	status      INTEGER NOT NULL,    -- these are as in cases
	reopened    INTEGER NOT NULL,
	resolved_at INTEGER,
	expires     INTEGER,
	floor       INTEGER NOT NULL,
	note        TEXT    NOT NULL,
	undone      INTEGER,             -- number of the undoing it is a part of
	undone_at   INTEGER,             -- ns
	undone_by   TEXT
);

CREATE INDEX changes_by_case ON changes (kase, id);
CREATE INDEX changes_by_bulk ON changes (bulk) WHERE bulk > 0;
CREATE INDEX changes_undone ON changes (undone) WHERE undone IS NOT NULL;

-- Numbers that concern the whole database: 'watermark' (ns: sessions that began
-- before it were pruned, and are not stored again), 'pruned-sessions' and
-- 'pruned-findings' (how many).
CREATE TABLE marks (
	name  TEXT    PRIMARY KEY,
	value INTEGER NOT NULL
) WITHOUT ROWID;

-- How many sessions have each verdict ('verdict') and how many findings each
-- severity ('severity'), kept with every batch: counting a million rows takes
-- too long for a line that is drawn every second.
CREATE TABLE tallies (
	kind  TEXT    NOT NULL,
	value INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (kind, value)
) WITHOUT ROWID;
