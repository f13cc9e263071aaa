-- Opening a school and going on to the next year: the department's list of schools, who works at a school, the classes of
-- a year before any mark is there, and the pupils who are expected in them.

-- The department's list. It names schools that are not served here as well.
CREATE TABLE school_list (
    code        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL,               -- as printed; may change
    levels      TEXT COLLATE "C" NOT NULL,               -- tieu_hoc, thcs, thpt in this order, parted by commas; empty: not said
    noted_at    BIGINT NOT NULL
);

-- Who works at a school, as its staff list says. What they may do is in grants.
CREATE TABLE staff (
    account     TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    code        TEXT COLLATE "C",                           -- the school's own number for this person; may change
    position    TEXT COLLATE "C" NOT NULL CHECK (position IN ('principal', 'deputy_principal', 'teacher', 'clerk', 'administrator')), -- may change
    added_at    BIGINT NOT NULL,
    PRIMARY KEY (account, school),
    UNIQUE (school, code)
);

CREATE TABLE school_years (
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    year        BIGINT NOT NULL,               -- calendar year in which the school year starts
    opened_at   BIGINT NOT NULL,
    closed_at   BIGINT,                        -- null: open
    reason      TEXT COLLATE "C",                           -- why it was closed although records were unfinished
    PRIMARY KEY (school, year),
    CHECK (reason IS NULL OR closed_at IS NOT NULL)
);

-- A class before its first import, and beside it afterwards; classes has it by the same school, year and name then.
CREATE TABLE planned_classes (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,   -- 128 random bits
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    year        BIGINT NOT NULL,
    grade       BIGINT NOT NULL CHECK (grade BETWEEN 1 AND 12), -- may change while the year is open
    name        TEXT COLLATE "C" NOT NULL,
    homeroom    TEXT COLLATE "C" REFERENCES accounts (id), -- who is to be its homeroom teacher; may change
    origin      TEXT COLLATE "C" REFERENCES schools (code), -- whose pupils were rolled over into it; null: planned by a list
    planned_at  BIGINT NOT NULL,
    UNIQUE (school, year, name)
);

-- Who is expected in a planned class. The envelope {key, nonce, bytes} holds the pupil's identity.
CREATE TABLE class_members (
    class       TEXT COLLATE "C" NOT NULL REFERENCES planned_classes (id),
    number      BIGINT NOT NULL CHECK (number > 0), -- number in the class list (STT)
    pupil       TEXT COLLATE "C" NOT NULL REFERENCES pupils (id),
    key_id      TEXT COLLATE "C" NOT NULL,
    nonce       BYTEA NOT NULL CHECK (length(nonce) = 12),
    personal    BYTEA NOT NULL,
    PRIMARY KEY (class, number),
    UNIQUE (class, pupil)
);
CREATE INDEX class_members_of_pupil ON class_members (pupil);

-- What was decided of a pupil at the end of a year, otherwise than their record says.
CREATE TABLE pupil_moves (
    school      TEXT COLLATE "C" NOT NULL REFERENCES schools (code),
    year        BIGINT NOT NULL, -- the year that ends
    pupil       TEXT COLLATE "C" NOT NULL REFERENCES pupils (id),
    move        TEXT COLLATE "C" NOT NULL CHECK (move IN ('promote', 'repeat', 'leave', 'transfer', 'undecided')), -- may change
    decided_at  BIGINT NOT NULL,
    PRIMARY KEY (school, year, pupil)
);
