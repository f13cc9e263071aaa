-- A key for each grant, so that one can be named: when it is copied to another database, and when it is taken back.
ALTER TABLE grants RENAME TO grants_before;
DROP INDEX grants_of_account;
CREATE TABLE grants (
    id          INTEGER NOT NULL PRIMARY KEY,
    account     TEXT    NOT NULL REFERENCES accounts (id),
    role        TEXT    NOT NULL CHECK (role IN ('homeroom_teacher', 'principal', 'deputy_principal', 'clerk', 'department', 'operator')),
    school      TEXT    REFERENCES schools (code), -- null: all schools
    year        INTEGER,                         -- calendar year in which the school year starts; null: all years
    class       TEXT,                           -- name of the class; null: all classes
    CHECK ((year IS NULL) = (class IS NULL)),
    CHECK (school IS NOT NULL OR class IS NULL)
) STRICT;
INSERT INTO grants (account, role, school, year, class) SELECT account, role, school, year, class FROM grants_before;
DROP TABLE grants_before;
CREATE INDEX grants_of_account ON grants (account);
