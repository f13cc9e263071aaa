-- What other systems told us, and what we told them: which version of each record was taken, which packages were sent,
-- and what the ministry's store answered.

-- Records as another system knows them (national data contract): a message that is not above the version known is passed
-- over, whenever it comes and however often.
CREATE TABLE contract_records (
    key         BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32), -- HKDF-SHA256(data key, IdBanGhi), which may hold a pupil's number
    version     INTEGER NOT NULL CHECK (version > 0),      -- PhienBan; only rises
    cancelled   INTEGER NOT NULL CHECK (cancelled IN (0, 1)), -- whether that version cancelled it
    record      TEXT,                                      -- what was made of it; it may have been removed since
    taken_at    INTEGER NOT NULL
) STRICT;

-- Packages for the ministry's store, as the department signed them. The file itself is not kept.
CREATE TABLE packages (
    id          TEXT    NOT NULL PRIMARY KEY,              -- 128 random bits, IdGoi
    department  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    statement   BLOB    NOT NULL                           -- the department's signed statement: number of records, digest
) STRICT;

-- One record of a package, and what the store said of it.
CREATE TABLE package_records (
    package     TEXT    NOT NULL REFERENCES packages (id),
    record      TEXT    NOT NULL REFERENCES records (id),
    version     INTEGER NOT NULL,
    answer      TEXT    NOT NULL DEFAULT '00' CHECK (answer IN ('00', '01', '02')), -- waiting, accepted, has errors
    answered_at INTEGER,                                   -- by the store's clock; null until it answered
    -- With 02 the store's list of errors, which may name the pupil: an envelope as in record_versions.
    key_id      TEXT,
    nonce       BLOB,
    errors      BLOB,
    PRIMARY KEY (package, record),
    CHECK ((answer = '02') = (errors IS NOT NULL)),
    CHECK ((key_id IS NULL) = (errors IS NULL) AND (nonce IS NULL) = (errors IS NULL)),
    CHECK (answer = '00' OR answered_at IS NOT NULL)
) STRICT;
CREATE INDEX package_records_of_record ON package_records (record);
