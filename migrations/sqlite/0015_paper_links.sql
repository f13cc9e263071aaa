-- Links on paper: the secret is a short code (docs/spec/links.md, §2) that follows from the data key and the link's id, so
-- that a sheet can be printed again (docs/adr/0025).

ALTER TABLE links ADD COLUMN version INTEGER;  -- version of the record that a paper link shows; null: no paper link
ALTER TABLE links ADD COLUMN key_id TEXT;      -- data key that its code follows from; null as the version
-- A version has one living paper link by one data key: printing it again shows the same code.
CREATE UNIQUE INDEX paper_links_living ON links (record, version, key_id)
    WHERE key_id IS NOT NULL AND withdrawn_at IS NULL;

-- Making them for a class is a task.
CREATE TABLE tasks_new (
    id          TEXT NOT NULL PRIMARY KEY,
    school      TEXT NOT NULL REFERENCES schools (code),
    account     TEXT NOT NULL REFERENCES accounts (id), -- who began it
    kind        TEXT NOT NULL CHECK (kind IN ('take_lists', 'import_marks', 'paper_links')),
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
INSERT INTO tasks_new (id, school, account, kind, year, class, steps_done, steps, state, key_id, nonce, result, begun_at, beat_at, ended_at)
    SELECT id, school, account, kind, year, class, steps_done, steps, state, key_id, nonce, result, begun_at, beat_at, ended_at FROM tasks;
DROP TABLE tasks;
ALTER TABLE tasks_new RENAME TO tasks;
CREATE INDEX tasks_of_school ON tasks (school, begun_at);
CREATE INDEX tasks_by_begin ON tasks (begun_at);
