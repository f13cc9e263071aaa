-- Work that takes longer than a request (docs/pages.md): what it is, how far it is, what came of it.
CREATE TABLE tasks (
    id          TEXT NOT NULL PRIMARY KEY,
    school      TEXT NOT NULL REFERENCES schools (code),
    account     TEXT NOT NULL REFERENCES accounts (id), -- who began it
    kind        TEXT NOT NULL CHECK (kind IN ('take_lists', 'import_marks')),
    year        INTEGER NOT NULL, -- calendar year in which the school year starts
    class       TEXT, -- name of the class it is about; null: the whole school
    steps_done  INTEGER NOT NULL CHECK (steps_done >= 0), -- as far as its process has said
    steps       INTEGER NOT NULL CHECK (steps >= 0), -- all of them; 0 where it is not known yet
    state       TEXT NOT NULL CHECK (state IN ('running', 'done', 'refused', 'interrupted')),
    key_id      TEXT, -- envelope: what came of it, as JSON; findings quote cells
    nonce       BLOB CHECK (length(nonce) = 12),
    result      BLOB,
    begun_at    INTEGER NOT NULL,
    beat_at     INTEGER NOT NULL, -- when its process last said that it is alive
    ended_at    INTEGER, -- set once, with its last state
    CHECK ((ended_at IS NULL) = (state = 'running')),
    CHECK ((result IS NULL) = (key_id IS NULL) AND (result IS NULL) = (nonce IS NULL))
) STRICT;
CREATE INDEX tasks_of_school ON tasks (school, begun_at);
CREATE INDEX tasks_by_begin ON tasks (begun_at);

-- Files that were sent and are looked at before they are taken: one for each kind, of one account at one school.
CREATE TABLE kept_files (
    account     TEXT NOT NULL REFERENCES accounts (id),
    school      TEXT NOT NULL REFERENCES schools (code),
    kind        TEXT NOT NULL CHECK (kind IN ('staff', 'classes', 'pupils', 'marks')),
    year        INTEGER, -- calendar year in which the school year starts; null: the file says it
    key_id      TEXT NOT NULL, -- envelope: the file, its name, how its columns are to be read
    nonce       BLOB NOT NULL CHECK (length(nonce) = 12),
    personal    BLOB NOT NULL,
    kept_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL, -- gone from then on; sooner once it was taken
    CHECK ((year IS NULL) = (kind = 'marks')),
    PRIMARY KEY (account, school, kind)
) STRICT;
CREATE INDEX kept_files_by_end ON kept_files (expires_at);
