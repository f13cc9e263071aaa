-- Time-stamps (RFC 3161) over batches: what time-stamp authorities said of when a batch was there. Public, and not anchored:
-- they are about the chain's own digests.

CREATE TABLE time_stamps (
    batch       INTEGER NOT NULL REFERENCES batches (id), -- whose digest was stamped; it has a receipt
    authority   TEXT    NOT NULL,               -- as the trust profile calls it
    token       BLOB    NOT NULL,               -- DER, as it came; never changed
    gen_time    INTEGER NOT NULL,               -- when the authority saw it, as it states
    fetched_at  INTEGER NOT NULL,
    PRIMARY KEY (batch, authority)
) STRICT;
CREATE INDEX time_stamps_of_authority ON time_stamps (authority, batch);

-- One more kind of job. A leader of the release before stands still while one of them is open, and nothing is lost.
ALTER TABLE jobs RENAME TO jobs_before;
DROP INDEX jobs_open;
DROP INDEX jobs_due;
CREATE TABLE jobs (
    id           INTEGER NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('close_appointments', 'close_records', 'deliver_batch', 'deliver_statuses', 'close_evidence', 'fetch_evidence', 'fetch_time_stamp')),
    subject      TEXT    NOT NULL,              -- issuer code, batch id, 'all', digest of a certificate, or time-stamp authority
    due_at       INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,                          -- a code, never text from outside
    done_at      INTEGER
) STRICT;
INSERT INTO jobs (kind, subject, due_at, tries, last_error, done_at) SELECT kind, subject, due_at, tries, last_error, done_at FROM jobs_before ORDER BY id;
DROP TABLE jobs_before;
CREATE UNIQUE INDEX jobs_open ON jobs (kind, subject) WHERE done_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL;
