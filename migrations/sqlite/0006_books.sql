-- Pupils through the years, their books, years taken over from paper, and versions after the first.

-- A pupil, by a number that means nothing: only what ties a pupil's years together.
CREATE TABLE pupils (
    id          TEXT    NOT NULL PRIMARY KEY,   -- 128 random bits
    created_at  INTEGER NOT NULL
) STRICT;

-- By which a pupil is found again: each identifier under a key derived from the data key. Without the data key they are
-- random bytes, and no identifier can be tried against them.
CREATE TABLE pupil_keys (
    key         BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 32), -- HKDF-SHA256(data key, kind and number)
    pupil       TEXT    NOT NULL REFERENCES pupils (id),
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX pupil_keys_of_pupil ON pupil_keys (pupil);

-- Management numbers (mã học bạ): one for each pupil and level.
CREATE TABLE books (
    number      TEXT    NOT NULL PRIMARY KEY,   -- HB-XXXX-XXXX-XXXX-XXXX, no personal data
    pupil       TEXT    NOT NULL REFERENCES pupils (id),
    level       TEXT    NOT NULL CHECK (level IN ('tieu_hoc', 'thcs', 'thpt')),
    created_at  INTEGER NOT NULL,
    UNIQUE (pupil, level)
) STRICT;

-- Whose record it is; null only for records from before this table.
ALTER TABLE records ADD COLUMN pupil TEXT REFERENCES pupils (id);
CREATE INDEX records_of_pupil ON records (pupil);

-- Whether a class was made here, or its records are taken over from paper: then no teacher signs them.
ALTER TABLE classes ADD COLUMN kind TEXT NOT NULL DEFAULT 'year' CHECK (kind IN ('year', 'converted'));

-- Why there is a version after the first; null in the first.
ALTER TABLE record_versions ADD COLUMN renewed TEXT CHECK (renewed IN ('correction', 'reassessment'));
