-- What authorities say of revocations: kept, anchored like everything else that is to be shown later, and asked again.

-- An authority's answer, once.
CREATE TABLE evidence (
    id          TEXT    NOT NULL PRIMARY KEY,   -- the first 128 bits of the leaf
    leaf        BLOB    NOT NULL UNIQUE CHECK (length(leaf) = 32), -- SHA-256(0x00 || statement)
    kind        TEXT    NOT NULL CHECK (kind IN ('crl', 'ocsp')),
    issuer      TEXT    NOT NULL,               -- SHA-256 of the public key of the authority whose certificates it speaks of
    certificate TEXT    REFERENCES certificates (digest), -- of which one; null where it speaks of all (CRL)
    this_update INTEGER NOT NULL,               -- the moment whose state it tells
    next_update INTEGER,                        -- when a newer one was to be had at the latest
    fetched_at  INTEGER NOT NULL,
    statement   BLOB    NOT NULL,               -- canonical bytes around the authority's own; never changed
    CHECK ((certificate IS NULL) = (kind = 'crl'))
) STRICT;
CREATE INDEX evidence_of_issuer ON evidence (issuer, certificate, this_update);

-- Until when a certificate on the path of a signer has to be spoken of, for what was anchored at a time to be proven.
CREATE TABLE evidence_wants (
    certificate TEXT    NOT NULL REFERENCES certificates (digest),
    anchored_at INTEGER NOT NULL,               -- block time of a batch with its signatures, or with those of one below it
    wanted_from INTEGER NOT NULL,               -- block time and grace: an answer has to be of then or later
    school      TEXT    NOT NULL REFERENCES schools (code), -- in whose name the answer is anchored
    outcome     TEXT    CHECK (outcome IN ('proven', 'fallen', 'silent')), -- null while it is open
    decided_at  INTEGER,
    PRIMARY KEY (certificate, anchored_at),
    CHECK ((outcome IS NULL) = (decided_at IS NULL))
) STRICT;
CREATE INDEX evidence_wants_open ON evidence_wants (wanted_from) WHERE outcome IS NULL;

-- One more kind of batch and leaf, and of each batch whether it was looked at for what has to be asked. SQLite changes no
-- constraint in place, so the tables are made anew, those that refer to them as well.
CREATE TABLE batches_new (
    id          INTEGER NOT NULL PRIMARY KEY,   -- 1, 2, 3 … in the order of closing
    issuer      TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('appointment', 'record', 'evidence')),
    root        BLOB    NOT NULL CHECK (length(root) = 32),
    size        INTEGER NOT NULL CHECK (size BETWEEN 1 AND 65536),
    closed_at   INTEGER NOT NULL,
    chain_index INTEGER UNIQUE,                 -- receipt: index in the contract; all null until the anchor is final
    block       INTEGER,
    block_time  INTEGER,
    tx_hash     TEXT,
    wants_noted INTEGER,                        -- when it was noted what its signers need
    CHECK ((chain_index IS NULL) = (block IS NULL) AND (block IS NULL) = (block_time IS NULL) AND (block_time IS NULL) = (tx_hash IS NULL)),
    CHECK (wants_noted IS NULL OR (chain_index IS NOT NULL AND kind <> 'evidence'))
) STRICT;
INSERT INTO batches_new (id, issuer, kind, root, size, closed_at, chain_index, block, block_time, tx_hash)
    SELECT id, issuer, kind, root, size, closed_at, chain_index, block, block_time, tx_hash FROM batches;
CREATE TABLE leaves_new (
    leaf        BLOB    NOT NULL PRIMARY KEY CHECK (length(leaf) = 32), -- SHA-256(0x00 || statement)
    kind        TEXT    NOT NULL CHECK (kind IN ('appointment', 'record', 'evidence')),
    subject     TEXT    NOT NULL,               -- id of the record, appointment or evidence
    version     INTEGER NOT NULL,               -- of the record; else 1
    school      TEXT    NOT NULL REFERENCES schools (code),
    issuer      TEXT    NOT NULL,
    ready_at    INTEGER NOT NULL,
    batch       INTEGER REFERENCES batches_new (id),
    position    INTEGER,
    UNIQUE (kind, subject, version),
    UNIQUE (batch, position),
    CHECK ((batch IS NULL) = (position IS NULL))
) STRICT;
INSERT INTO leaves_new (leaf, kind, subject, version, school, issuer, ready_at, batch, position)
    SELECT leaf, kind, subject, version, school, issuer, ready_at, batch, position FROM leaves;
CREATE TABLE batch_tiles_new (
    batch       INTEGER NOT NULL REFERENCES batches_new (id),
    level       INTEGER NOT NULL CHECK (level IN (0, 8)),
    number      INTEGER NOT NULL,
    hashes      BLOB    NOT NULL CHECK (length(hashes) % 32 = 0),
    PRIMARY KEY (batch, level, number)
) STRICT;
INSERT INTO batch_tiles_new (batch, level, number, hashes) SELECT batch, level, number, hashes FROM batch_tiles;
CREATE TABLE anchor_attempts_new (
    id          INTEGER NOT NULL PRIMARY KEY,
    batch       INTEGER NOT NULL REFERENCES batches_new (id),
    state       TEXT    NOT NULL CHECK (state IN ('prepared', 'broadcast', 'included', 'final', 'replaced', 'reverted', 'dropped')),
    sender      TEXT    NOT NULL,               -- address
    nonce       INTEGER NOT NULL,
    tx_hash     TEXT    NOT NULL UNIQUE,
    raw         BLOB    NOT NULL,               -- signed bytes; sending them twice is harmless
    block       INTEGER,                        -- where it is included
    made_at     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    CHECK ((block IS NOT NULL) = (state IN ('included', 'final', 'reverted')))
) STRICT;
INSERT INTO anchor_attempts_new (batch, state, sender, nonce, tx_hash, raw, block, made_at, changed_at)
    SELECT batch, state, sender, nonce, tx_hash, raw, block, made_at, changed_at FROM anchor_attempts ORDER BY id;
DROP TABLE anchor_attempts;
DROP TABLE batch_tiles;
DROP TABLE leaves;
DROP TABLE batches;
ALTER TABLE batches_new RENAME TO batches;
ALTER TABLE leaves_new RENAME TO leaves;
ALTER TABLE batch_tiles_new RENAME TO batch_tiles;
ALTER TABLE anchor_attempts_new RENAME TO anchor_attempts;
CREATE INDEX batches_waiting ON batches (id) WHERE chain_index IS NULL;
CREATE INDEX batches_unnoted ON batches (id) WHERE chain_index IS NOT NULL AND wants_noted IS NULL;
CREATE INDEX leaves_waiting ON leaves (issuer, kind, ready_at) WHERE batch IS NULL;
CREATE INDEX leaves_of_school ON leaves (batch, school);
CREATE INDEX anchor_attempts_of_batch ON anchor_attempts (batch);

-- Two more kinds of job. A leader of the release before stands still while one of them is open, and nothing is lost.
ALTER TABLE jobs RENAME TO jobs_before;
DROP INDEX jobs_open;
DROP INDEX jobs_due;
CREATE TABLE jobs (
    id           INTEGER NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('close_appointments', 'close_records', 'deliver_batch', 'deliver_statuses', 'close_evidence', 'fetch_evidence')),
    subject      TEXT    NOT NULL,              -- issuer code, batch id, 'all', or digest of a certificate
    due_at       INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,                          -- a code, never text from outside
    done_at      INTEGER
) STRICT;
INSERT INTO jobs (kind, subject, due_at, tries, last_error, done_at) SELECT kind, subject, due_at, tries, last_error, done_at FROM jobs_before ORDER BY id;
DROP TABLE jobs_before;
CREATE UNIQUE INDEX jobs_open ON jobs (kind, subject) WHERE done_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL;
