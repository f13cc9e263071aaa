-- Ends of appointments on their way to the chain, and what becomes of schools.

-- Signed status statements: who says that an appointment (later: a record) no longer stands as it did. They get into the
-- contract's status log in the order of their numbers; each gets there once.
CREATE TABLE statuses (
    id           INTEGER NOT NULL PRIMARY KEY,  -- 1, 2, 3 … in the order they were taken
    subject      TEXT    NOT NULL,              -- id of the appointment or record
    action       TEXT    NOT NULL CHECK (action IN ('supersede', 'revoke', 'end')),
    live_version INTEGER NOT NULL,              -- lowest version that is live; without meaning for an appointment
    reason       INTEGER NOT NULL CHECK (reason BETWEEN 1 AND 255), -- class, as the contract has it
    since        INTEGER,                       -- compromised key: what it signed from then on falls, by block time
    school       TEXT    NOT NULL REFERENCES schools (code),
    leaf         BLOB    NOT NULL UNIQUE CHECK (length(leaf) = 32), -- SHA-256(0x00 || statement), which the entry names
    statement    BLOB    NOT NULL,              -- canonical bytes, signed
    taken_at     INTEGER NOT NULL,
    log_index    INTEGER UNIQUE,                -- receipt: index in the status log; all null until the entry is final
    block        INTEGER,
    block_time   INTEGER,
    tx_hash      TEXT,
    CHECK ((log_index IS NULL) = (block IS NULL) AND (block IS NULL) = (block_time IS NULL) AND (block_time IS NULL) = (tx_hash IS NULL))
) STRICT;
CREATE INDEX statuses_of_subject ON statuses (subject);
CREATE INDEX statuses_of_school ON statuses (school);
CREATE INDEX statuses_waiting ON statuses (id) WHERE log_index IS NULL;

-- Every transaction made for the status log, written before it is sent.
CREATE TABLE status_attempts (
    id          INTEGER NOT NULL PRIMARY KEY,
    state       TEXT    NOT NULL CHECK (state IN ('prepared', 'broadcast', 'included', 'final', 'replaced', 'reverted', 'dropped')),
    sender      TEXT    NOT NULL,               -- address
    nonce       INTEGER NOT NULL,
    tx_hash     TEXT    NOT NULL UNIQUE,
    raw         BLOB    NOT NULL,               -- signed bytes, which say the statuses; sending them twice is harmless
    block       INTEGER,                        -- where it is included
    made_at     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    CHECK ((block IS NOT NULL) = (state IN ('included', 'final', 'reverted')))
) STRICT;
CREATE INDEX status_attempts_by_state ON status_attempts (state, id);

-- What became of a school, by the department's word; a row for each successor.
CREATE TABLE school_changes (
    id          INTEGER NOT NULL PRIMARY KEY,
    school      TEXT    NOT NULL REFERENCES schools (code),
    change      TEXT    NOT NULL CHECK (change IN ('renamed', 'merged', 'split', 'closed')), -- merged, closed: it takes no new class
    successor   TEXT    REFERENCES schools (code), -- who goes on with its work
    name        TEXT,                           -- as it is called from then on
    decision    TEXT,                           -- number of the decision
    changed_at  INTEGER NOT NULL,
    CHECK ((change = 'renamed') = (name IS NOT NULL)),
    CHECK (successor IS NULL OR change <> 'renamed'),
    CHECK (successor IS NOT NULL OR change NOT IN ('merged', 'split')),
    CHECK (successor IS NULL OR successor <> school)
) STRICT;
CREATE INDEX school_changes_of_school ON school_changes (school);

-- One more kind of job. A leader of the release before stands still while one of them is open, and nothing is lost.
ALTER TABLE jobs RENAME TO jobs_before;
DROP INDEX jobs_open;
DROP INDEX jobs_due;
CREATE TABLE jobs (
    id           INTEGER NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('close_appointments', 'close_records', 'deliver_batch', 'deliver_statuses')),
    subject      TEXT    NOT NULL,              -- issuer code, batch id, or 'all'
    due_at       INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,                          -- a code, never text from outside
    done_at      INTEGER
) STRICT;
INSERT INTO jobs (kind, subject, due_at, tries, last_error, done_at) SELECT kind, subject, due_at, tries, last_error, done_at FROM jobs_before ORDER BY id;
DROP TABLE jobs_before;
CREATE UNIQUE INDEX jobs_open ON jobs (kind, subject) WHERE done_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL;
