-- The first schema, as in migrations/sqlite: the same tables, columns and constraints, which a test holds to. BIGINT, TEXT
-- and BYTEA only, no extension, no function of the engine's own; COLLATE "C" everywhere, so that text sorts by its bytes
-- in both.

CREATE TABLE schools (
    code        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issuer      TEXT COLLATE "C" NOT NULL, -- under which the department anchors this school's batches; may change
    created_at  BIGINT NOT NULL
);

-- Staff. A pupil has no account yet.
CREATE TABLE accounts (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- 128 random bits
    login       TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT COLLATE "C" NOT NULL, -- as shown to colleagues
    certificate TEXT COLLATE "C" UNIQUE, -- SHA-256 of the certificate this person signs with; may change
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT
);

-- What an account may do, and where. The right to sign comes from appointments alone; a grant opens the door to the work.
CREATE TABLE grants (
    account     TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    role        TEXT COLLATE "C" NOT NULL CHECK (role IN ('homeroom_teacher', 'principal', 'deputy_principal', 'clerk', 'department', 'operator')),
    school      TEXT COLLATE "C" REFERENCES schools (code), -- null: all schools
    year        BIGINT, -- calendar year in which the school year starts; null: all years
    class       TEXT COLLATE "C", -- name of the class; null: all classes
    CHECK ((year IS NULL) = (class IS NULL)),
    CHECK (school IS NOT NULL OR class IS NULL)
);
CREATE INDEX grants_of_account ON grants (account);

CREATE TABLE api_tokens (
    hash        BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of the token; the token itself is nowhere
    account     TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE TABLE certificates (
    digest      TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- SHA-256 of the DER
    der         BYTEA NOT NULL,
    added_at    BIGINT NOT NULL
);

CREATE TABLE classes (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- 128 random bits
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    year        BIGINT NOT NULL, -- calendar year in which the school year starts
    grade       BIGINT NOT NULL CHECK (grade BETWEEN 1 AND 12),
    name        TEXT COLLATE "C" NOT NULL,
    revision    BIGINT NOT NULL, -- +1 with every import
    imported_at BIGINT NOT NULL, -- last import
    UNIQUE (school, year, name)
);

-- One for each pupil of a class; the id is the one that is signed.
CREATE TABLE records (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- 128 random bits
    class       TEXT COLLATE "C" NOT NULL REFERENCES classes (id),
    number      BIGINT NOT NULL CHECK (number > 0), -- number in the class list (STT)
    UNIQUE (class, number)
);

CREATE TABLE record_versions (
    record      TEXT COLLATE "C" NOT NULL REFERENCES records (id),
    version     BIGINT NOT NULL CHECK (version > 0),
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('draft', 'teacher_signed', 'co_signed', 'sealed')),
    revision    BIGINT NOT NULL, -- +1 with every change; writers compare and swap
    statement   BYTEA, -- canonical bytes with the signatures so far; null in a draft
    key_id      TEXT COLLATE "C" NOT NULL, -- envelope: seed and sections
    nonce       BYTEA NOT NULL CHECK (length(nonce) = 12),
    personal    BYTEA NOT NULL,
    left_out    TEXT COLLATE "C" CHECK (left_out IN ('waiting_for_reassessment', 'incomplete', 'transferred', 'other')), -- why the class goes on without it
    returned    TEXT COLLATE "C" CHECK (returned IN ('wrong_mark', 'wrong_personal_data', 'wrong_result', 'other')), -- why it was last returned
    changed_at  BIGINT NOT NULL,
    PRIMARY KEY (record, version),
    CHECK ((state = 'draft') = (statement IS NULL)),
    CHECK (left_out IS NULL OR state = 'draft'),
    CHECK (returned IS NULL OR state = 'draft')
);

CREATE TABLE appointments (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    role        TEXT COLLATE "C" NOT NULL,
    certificate TEXT COLLATE "C" NOT NULL REFERENCES certificates (digest), -- whose
    valid_from  BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    statement   BYTEA NOT NULL -- canonical bytes, signed; names staff only
);
CREATE INDEX appointments_of_certificate ON appointments (certificate);

-- A closed set of leaves and its Merkle root; closed once, anchored once.
CREATE TABLE batches (
    id          BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3 … in the order of closing
    issuer      TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL CHECK (kind IN ('appointment', 'record')),
    root        BYTEA NOT NULL CHECK (length(root) = 32),
    size        BIGINT NOT NULL CHECK (size BETWEEN 1 AND 65536),
    closed_at   BIGINT NOT NULL,
    chain_index BIGINT UNIQUE, -- receipt: index in the contract; all null until the anchor is final
    block       BIGINT,
    block_time  BIGINT,
    tx_hash     TEXT COLLATE "C",
    CHECK ((chain_index IS NULL) = (block IS NULL) AND (block IS NULL) = (block_time IS NULL) AND (block_time IS NULL) = (tx_hash IS NULL))
);
CREATE INDEX batches_waiting ON batches (id) WHERE chain_index IS NULL;

-- Statements that are complete, in the order of waiting; a leaf goes into one batch and stays there.
CREATE TABLE leaves (
    leaf        BYTEA NOT NULL PRIMARY KEY CHECK (length(leaf) = 32), -- SHA-256(0x00 || statement)
    kind        TEXT COLLATE "C" NOT NULL CHECK (kind IN ('appointment', 'record')),
    subject     TEXT COLLATE "C" NOT NULL, -- id of the record or appointment
    version     BIGINT NOT NULL, -- of the record; 1 for an appointment
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    issuer      TEXT COLLATE "C" NOT NULL,
    ready_at    BIGINT NOT NULL,
    batch       BIGINT REFERENCES batches (id),
    position    BIGINT,
    UNIQUE (kind, subject, version),
    UNIQUE (batch, position),
    CHECK ((batch IS NULL) = (position IS NULL))
);
CREATE INDEX leaves_waiting ON leaves (issuer, kind, ready_at) WHERE batch IS NULL;
CREATE INDEX leaves_of_school ON leaves (batch, school);

-- Stored nodes of each batch's tree: at levels 0 and 8, up to 256 hashes together. A proof reads at most two.
CREATE TABLE batch_tiles (
    batch       BIGINT NOT NULL REFERENCES batches (id),
    level       BIGINT NOT NULL CHECK (level IN (0, 8)),
    number      BIGINT NOT NULL,
    hashes      BYTEA NOT NULL CHECK (length(hashes) % 32 = 0),
    PRIMARY KEY (batch, level, number)
);

-- Every transaction made for a batch, written before it is sent.
CREATE TABLE anchor_attempts (
    id          BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    batch       BIGINT NOT NULL REFERENCES batches (id),
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('prepared', 'broadcast', 'included', 'final', 'replaced', 'reverted', 'dropped')),
    sender      TEXT COLLATE "C" NOT NULL, -- address
    nonce       BIGINT NOT NULL,
    tx_hash     TEXT COLLATE "C" NOT NULL UNIQUE,
    raw         BYTEA NOT NULL, -- signed bytes; sending them twice is harmless
    block       BIGINT, -- where it is included
    made_at     BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    CHECK ((block IS NOT NULL) = (state IN ('included', 'final', 'reverted')))
);
CREATE INDEX anchor_attempts_of_batch ON anchor_attempts (batch);

-- Work that follows from a change, written with it in one transaction.
CREATE TABLE jobs (
    id           BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    kind         TEXT COLLATE "C" NOT NULL CHECK (kind IN ('close_appointments', 'close_records', 'deliver_batch')),
    subject      TEXT COLLATE "C" NOT NULL, -- issuer code or batch id
    due_at       BIGINT NOT NULL,
    tries        BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT COLLATE "C", -- a code, never text from outside
    done_at      BIGINT
);
CREATE UNIQUE INDEX jobs_open ON jobs (kind, subject) WHERE done_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE done_at IS NULL;

-- Who does what only one may do at a time.
CREATE TABLE leases (
    name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder      TEXT COLLATE "C" NOT NULL,
    expires_at  BIGINT NOT NULL
);

-- What happened, in order. Ids and codes only.
CREATE TABLE audit_events (
    id          BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL, -- account id, or 'system', 'operator'
    action      TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL, -- id of the class, record, batch …
    version     BIGINT, -- of the record
    reason      TEXT COLLATE "C" -- a code
);
CREATE INDEX audit_events_of_subject ON audit_events (subject);

-- A way in for a verifier: the bundle cut to its scope, encrypted under a key that only the link itself holds.
CREATE TABLE links (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    token_hash   BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256 of the token
    record       TEXT COLLATE "C" NOT NULL REFERENCES records (id),
    scope        TEXT COLLATE "C" NOT NULL CHECK (scope IN ('whole', 'results', 'identity_and_completion')),
    created_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    withdrawn_at BIGINT,
    nonce        BYTEA,
    bundle       BYTEA, -- ciphertext; gone once withdrawn
    CHECK ((bundle IS NULL) = (withdrawn_at IS NOT NULL) AND (nonce IS NULL) = (bundle IS NULL))
);
CREATE INDEX links_of_record ON links (record);

-- Every look, for the pupil to see. No address of the looker.
CREATE TABLE link_looks (
    id          BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    link        TEXT COLLATE "C" NOT NULL REFERENCES links (id),
    at          BIGINT NOT NULL
);
CREATE INDEX link_looks_of_link ON link_looks (link);
