-- Pupils and parents: accounts that read a pupil's book, hand out parts of it and ask for a request. docs/readers.md narrates it.

-- Whose book an account reads. The account itself has no grants, and no name of anybody.
CREATE TABLE readers (
    account     TEXT NOT NULL REFERENCES accounts (id),
    pupil       TEXT NOT NULL REFERENCES pupils (id),
    relation    TEXT NOT NULL CHECK (relation IN ('pupil', 'guardian')),
    made_by     TEXT NOT NULL, -- account id, or 'operator'
    made_at     INTEGER NOT NULL,
    PRIMARY KEY (account, pupil)
) STRICT;
CREATE UNIQUE INDEX readers_of_pupil ON readers (pupil, relation);

-- What a link shows that a reader made: chosen years and parts, and whom it is for. Such a link's `scope` is 'whole': all of
-- what was chosen. Its `record` is the latest of the years.
CREATE TABLE link_choices (
    link        TEXT NOT NULL PRIMARY KEY REFERENCES links (id),
    pupil       TEXT NOT NULL REFERENCES pupils (id),
    key_id      TEXT NOT NULL, -- envelope: years, parts, whom it is for
    nonce       BLOB NOT NULL CHECK (length(nonce) = 12),
    personal    BLOB NOT NULL
) STRICT;
CREATE INDEX link_choices_of_pupil ON link_choices (pupil);

-- A reader asks the school to look at a year again.
CREATE TABLE reader_requests (
    id          TEXT NOT NULL PRIMARY KEY,
    record      TEXT NOT NULL REFERENCES records (id),
    version     INTEGER NOT NULL CHECK (version > 0), -- the one that was looked at
    account     TEXT NOT NULL REFERENCES accounts (id), -- who asks
    state       TEXT NOT NULL CHECK (state IN ('open', 'answered', 'withdrawn')),
    key_id      TEXT NOT NULL, -- envelope: what is asked, and what was answered
    nonce       BLOB NOT NULL CHECK (length(nonce) = 12),
    personal    BLOB NOT NULL,
    asked_at    INTEGER NOT NULL,
    ended_at    INTEGER, -- answered or withdrawn
    answered_by TEXT, -- account id, or 'operator'
    CHECK ((ended_at IS NULL) = (state = 'open') AND (answered_by IS NULL) = (state <> 'answered'))
) STRICT;
CREATE INDEX reader_requests_of_record ON reader_requests (record, asked_at);
CREATE INDEX reader_requests_by_state ON reader_requests (state);
