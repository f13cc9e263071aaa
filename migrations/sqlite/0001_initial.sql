-- The first schema. Conventions: times are seconds since 1970 (INTEGER); ids and digests that people or programs meet
-- are base64url TEXT, bytes that are only hashed or sent are BLOB; every enum has its CHECK; what names a pupil or tells
-- a mark is in an envelope {key, nonce, bytes} that the database cannot open.

CREATE TABLE schools (
    code        TEXT    NOT NULL PRIMARY KEY,
    issuer      TEXT    NOT NULL,               -- under which the department anchors this school's batches; may change
    created_at  INTEGER NOT NULL
) STRICT;

-- Staff. A pupil has no account yet.
CREATE TABLE accounts (
    id          TEXT    NOT NULL PRIMARY KEY,   -- 128 random bits
    login       TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,               -- as shown to colleagues
    certificate TEXT    UNIQUE,                 -- SHA-256 of the certificate this person signs with; may change
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

-- What an account may do, and where. The right to sign comes from appointments alone; a grant opens the door to the work.
CREATE TABLE grants (
    account     TEXT    NOT NULL REFERENCES accounts (id),
    role        TEXT    NOT NULL CHECK (role IN ('homeroom_teacher', 'principal', 'deputy_principal', 'clerk', 'department', 'operator')),
    school      TEXT    REFERENCES schools (code), -- null: all schools
    year        INTEGER,                         -- calendar year in which the school year starts; null: all years
    class       TEXT,                           -- name of the class; null: all classes
    CHECK ((year IS NULL) = (class IS NULL)),
    CHECK (school IS NOT NULL OR class IS NULL)
) STRICT;
CREATE INDEX grants_of_account ON grants (account);

CREATE TABLE api_tokens (
    hash        BLOB    NOT NULL PRIMARY KEY,   -- SHA-256 of the token; the token itself is nowhere
    account     TEXT    NOT NULL REFERENCES accounts (id),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE certificates (
    digest      TEXT    NOT NULL PRIMARY KEY,   -- SHA-256 of the DER
    der         BLOB    NOT NULL,
    added_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE classes (
    id          TEXT    NOT NULL PRIMARY KEY,   -- 128 random bits
    school      TEXT    NOT NULL REFERENCES schools (code),
    year        INTEGER NOT NULL,               -- calendar year in which the school year starts
    grade       INTEGER NOT NULL CHECK (grade BETWEEN 1 AND 12),
    name        TEXT    NOT NULL,
    revision    INTEGER NOT NULL,               -- +1 with every import
    imported_at INTEGER NOT NULL,               -- last import
    UNIQUE (school, year, name)
) STRICT;

-- One for each pupil of a class; the id is the one that is signed.
CREATE TABLE records (
    id          TEXT    NOT NULL PRIMARY KEY,   -- 128 random bits
    class       TEXT    NOT NULL REFERENCES classes (id),
    number      INTEGER NOT NULL CHECK (number > 0), -- number in the class list (STT)
    UNIQUE (class, number)
) STRICT;

CREATE TABLE record_versions (
    record      TEXT    NOT NULL REFERENCES records (id),
    version     INTEGER NOT NULL CHECK (version > 0),
    state       TEXT    NOT NULL CHECK (state IN ('draft', 'teacher_signed', 'co_signed', 'sealed')),
    revision    INTEGER NOT NULL,               -- +1 with every change; writers compare and swap
    statement   BLOB,                           -- canonical bytes with the signatures so far; null in a draft
    key_id      TEXT    NOT NULL,               -- envelope: seed and sections
    nonce       BLOB    NOT NULL CHECK (length(nonce) = 12),
    personal    BLOB    NOT NULL,
    left_out    TEXT    CHECK (left_out IN ('waiting_for_reassessment', 'incomplete', 'transferred', 'other')), -- why the class goes on without it
    returned    TEXT    CHECK (returned IN ('wrong_mark', 'wrong_personal_data', 'wrong_result', 'other')), -- why it was last returned
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (record, version),
    CHECK ((state = 'draft') = (statement IS NULL)),
    CHECK (left_out IS NULL OR state = 'draft'),
    CHECK (returned IS NULL OR state = 'draft')
) STRICT;

CREATE TABLE appointments (
    id          TEXT    NOT NULL PRIMARY KEY,
    school      TEXT    NOT NULL REFERENCES schools (code),
    role        TEXT    NOT NULL,
    certificate TEXT    NOT NULL REFERENCES certificates (digest), -- whose
    valid_from  INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    statement   BLOB    NOT NULL                -- canonical bytes, signed; names staff only
) STRICT;
CREATE INDEX appointments_of_certificate ON appointments (certificate);

-- A closed set of leaves and its Merkle root; closed once, anchored once.
CREATE TABLE batches (
    id          INTEGER NOT NULL PRIMARY KEY,   -- 1, 2, 3 … in the order of closing
    issuer      TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('appointment', 'record')),
    root        BLOB    NOT NULL CHECK (length(root) = 32),
    size        INTEGER NOT NULL CHECK (size BETWEEN 1 AND 65536),
    closed_at   INTEGER NOT NULL,
    chain_index INTEGER UNIQUE,                 -- receipt: index in the contract; all null until the anchor is final
    block       INTEGER,
    block_time  INTEGER,
    tx_hash     TEXT,
    CHECK ((chain_index IS NULL) = (block IS NULL) AND (block IS NULL) = (block_time IS NULL) AND (block_time IS NULL) = (tx_hash IS NULL))
) STRICT;
CREATE INDEX batches_waiting ON batches (id) WHERE chain_index IS NULL;

-- Statements that are complete, in the order of waiting; a leaf goes into one batch and stays there.
CREATE TABLE leaves (
    leaf        BLOB    NOT NULL PRIMARY KEY CHECK (length(leaf) = 32), -- SHA-256(0x00 || statement)
    kind        TEXT    NOT NULL CHECK (kind IN ('appointment', 'record')),
    subject     TEXT    NOT NULL,               -- id of the record or appointment
    version     INTEGER NOT NULL,               -- of the record; 1 for an appointment
    school      TEXT    NOT NULL REFERENCES schools (code),
    issuer      TEXT    NOT NULL,
    ready_at    INTEGER NOT NULL,
    batch       INTEGER REFERENCES batches (id),
    position    INTEGER,
    UNIQUE (kind, subject, version),
    UNIQUE (batch, position),
    CHECK ((batch IS NULL) = (position IS NULL))
) STRICT;
CREATE INDEX leaves_waiting ON leaves (issuer, kind, ready_at) WHERE batch IS NULL;
CREATE INDEX leaves_of_school ON leaves (batch, school);

-- Stored nodes of each batch's tree: at levels 0 and 8, up to 256 hashes together. A proof reads at most two.
CREATE TABLE batch_tiles (
    batch       INTEGER NOT NULL REFERENCES batches (id),
    level       INTEGER NOT NULL CHECK (level IN (0, 8)),
    number      INTEGER NOT NULL,
    hashes      BLOB    NOT NULL CHECK (length(hashes) % 32 = 0),
    PRIMARY KEY (batch, level, number)
) STRICT;

-- Every transaction made for a batch, written before it is sent.
CREATE TABLE anchor_attempts (
    id          INTEGER NOT NULL PRIMARY KEY,
    batch       INTEGER NOT NULL REFERENCES batches (id),
    state       TEXT    NOT NULL CHECK (state IN ('prepared', 'broadcast', 'included', 'final', 'replaced', 'reverted', 'dropped')),
    sender      TEXT    NOT NULL,               -- address
    nonce       INTEGER NOT NULL,
    tx_hash     TEXT    NOT NULL UNIQUE,
    raw         BLOB    NOT NULL,               -- signed bytes; sending them twice is harmless
    block       INTEGER,                         -- where it is included
    made_at     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    CHECK ((block IS NOT NULL) = (state IN ('included', 'final', 'reverted')))
) STRICT;
CREATE INDEX anchor_attempts_of_batch ON anchor_attempts (batch);

-- Work that follows from a change, written with it in one transaction.
CREATE TABLE jobs (
    id           INTEGER NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('close_appointments', 'close_records', 'deliver_batch')),
    subject      TEXT    NOT NULL,              -- issuer code or batch id
    due_at       INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT,                          -- a code, never text from outside
    done_at      INTEGER
) STRICT;
CREATE UNIQUE INDEX jobs_open ON jobs (kind, subject) WHERE done_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL;

-- Who does what only one may do at a time.
CREATE TABLE leases (
    name        TEXT    NOT NULL PRIMARY KEY,
    holder      TEXT    NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

-- What happened, in order. Ids and codes only.
CREATE TABLE audit_events (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,               -- account id, or 'system', 'operator'
    action      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,               -- id of the class, record, batch …
    version     INTEGER,                         -- of the record
    reason      TEXT                            -- a code
) STRICT;
CREATE INDEX audit_events_of_subject ON audit_events (subject);

-- A way in for a verifier: the bundle cut to its scope, encrypted under a key that only the link itself holds.
CREATE TABLE links (
    id           TEXT    NOT NULL PRIMARY KEY,
    token_hash   BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256 of the token
    record       TEXT    NOT NULL REFERENCES records (id),
    scope        TEXT    NOT NULL CHECK (scope IN ('whole', 'results', 'identity_and_completion')),
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    withdrawn_at INTEGER,
    nonce        BLOB,
    bundle       BLOB,                          -- ciphertext; gone once withdrawn
    CHECK ((bundle IS NULL) = (withdrawn_at IS NOT NULL) AND (nonce IS NULL) = (bundle IS NULL))
) STRICT;
CREATE INDEX links_of_record ON links (record);

-- Every look, for the pupil to see. No address of the looker.
CREATE TABLE link_looks (
    id          INTEGER NOT NULL PRIMARY KEY,
    link        TEXT    NOT NULL REFERENCES links (id),
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX link_looks_of_link ON link_looks (link);
