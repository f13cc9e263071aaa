-- Pupils through the years, their books, years taken over from paper, and versions after the first.

-- A pupil, by a number that means nothing: only what ties a pupil's years together.
CREATE TABLE pupils (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- 128 random bits
    created_at  BIGINT NOT NULL
);

-- By which a pupil is found again: each identifier under a key derived from the data key. Without the data key they are
-- random bytes, and no identifier can be tried against them.
CREATE TABLE pupil_keys (
    key         BYTEA NOT NULL PRIMARY KEY CHECK (length(key) = 32), -- HKDF-SHA256(data key, kind and number)
    pupil       TEXT COLLATE "C" NOT NULL REFERENCES pupils (id),
    created_at  BIGINT NOT NULL
);
CREATE INDEX pupil_keys_of_pupil ON pupil_keys (pupil);

-- Management numbers (mã học bạ): one for each pupil and level.
CREATE TABLE books (
    number      TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- HB-XXXX-XXXX-XXXX-XXXX, no personal data
    pupil       TEXT COLLATE "C" NOT NULL REFERENCES pupils (id),
    level       TEXT COLLATE "C" NOT NULL CHECK (level IN ('tieu_hoc', 'thcs', 'thpt')),
    created_at  BIGINT NOT NULL,
    UNIQUE (pupil, level)
);

-- Whose record it is; null only for records from before this table.
ALTER TABLE records ADD COLUMN pupil TEXT COLLATE "C" REFERENCES pupils (id);
CREATE INDEX records_of_pupil ON records (pupil);

-- Whether a class was made here, or its records are taken over from paper: then no teacher signs them.
ALTER TABLE classes ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'year' CHECK (kind IN ('year', 'converted'));

-- Why there is a version after the first; null in the first.
ALTER TABLE record_versions ADD COLUMN renewed TEXT COLLATE "C" CHECK (renewed IN ('correction', 'reassessment'));
