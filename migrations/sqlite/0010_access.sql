-- People: how they sign in (passwords, second factors, slips, sessions), how guessing is slowed; grants for a school's
-- administrator, and for a department's part of the schools. docs/accounts.md narrates it.

-- One more role, and a part of the schools by the prefix of their codes. A release before this one does not open the
-- database any more: to it, a grant with a prefix would be one for all schools.
ALTER TABLE grants RENAME TO grants_before;
DROP INDEX grants_of_account;
CREATE TABLE grants (
    id          INTEGER NOT NULL PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    role        TEXT NOT NULL CHECK (role IN ('homeroom_teacher', 'principal', 'deputy_principal', 'clerk', 'department', 'operator', 'school_administrator')),
    school      TEXT REFERENCES schools (code), -- null: all schools, or those of the prefix
    year        INTEGER, -- calendar year in which the school year starts; null: all years
    class       TEXT, -- name of the class; null: all classes
    prefix      TEXT CHECK (length(prefix) BETWEEN 2 AND 20), -- how the codes of its schools begin; null: as the school says
    CHECK ((year IS NULL) = (class IS NULL)),
    CHECK (school IS NOT NULL OR class IS NULL),
    CHECK (prefix IS NULL OR (role = 'department' AND school IS NULL))
) STRICT;
INSERT INTO grants (account, role, school, year, class) SELECT account, role, school, year, class FROM grants_before ORDER BY id;
DROP TABLE grants_before;
CREATE INDEX grants_of_account ON grants (account);
CREATE INDEX grants_of_school ON grants (school);

-- How an account signs in. No row: nobody has done anything about it yet.
CREATE TABLE account_access (
    account     TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    password    TEXT, -- argon2id, PHC string; null until a slip was used, and after a reset
    password_at INTEGER, -- when it was set
    key_id      TEXT, -- envelope: the secret of the authenticator app
    nonce       BLOB CHECK (length(nonce) = 12),
    totp        BLOB,
    totp_at     INTEGER, -- when it was confirmed
    totp_step   INTEGER, -- the last step of 30 seconds whose code was taken; only rises
    locked_at   INTEGER, -- an administrator keeps the account shut since then
    CHECK ((password IS NULL) = (password_at IS NULL)),
    CHECK ((totp IS NULL) = (key_id IS NULL) AND (totp IS NULL) = (nonce IS NULL) AND (totp IS NULL) = (totp_at IS NULL) AND (totp IS NULL) = (totp_step IS NULL))
) STRICT;

-- A printed slip that is not used yet: the last one made for its account. Used or made anew, it is gone.
CREATE TABLE slips (
    account     TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the code; the code itself is on paper alone
    made_by     TEXT NOT NULL, -- account id, or 'operator'
    made_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

-- Codes for the day the phone is lost; used, one is gone.
CREATE TABLE recovery_codes (
    hash        BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- HKDF-SHA256(data key, account and code)
    account     TEXT NOT NULL REFERENCES accounts (id),
    made_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_codes_of_account ON recovery_codes (account);

-- Who is signed in. Ended, a session is gone; the audit log has when.
CREATE TABLE sessions (
    id          TEXT NOT NULL PRIMARY KEY, -- 128 random bits, to name it by; not the token
    hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token
    account     TEXT NOT NULL REFERENCES accounts (id),
    label       TEXT NOT NULL, -- kind of browser and system: 'Chrome trên Windows'
    address     BLOB NOT NULL CHECK (length(address) = 32), -- HKDF-SHA256(data key, network it came from)
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL, -- last request, to the minute
    expires_at  INTEGER NOT NULL -- whatever is done in it
) STRICT;
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Browsers that somebody signed in from (OWASP: device cookies): guessed at elsewhere, their owner still gets in.
CREATE TABLE devices (
    hash        BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of the device token
    account     TEXT NOT NULL REFERENCES accounts (id),
    address     BLOB NOT NULL CHECK (length(address) = 32), -- as of the session it was last used for
    used_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_of_account ON devices (account, address);
CREATE INDEX devices_by_end ON devices (expires_at);

-- What was tried, by account, device, address: only what still slows somebody. crates/app/src/access/throttle.rs says
-- how many rows there can be.
CREATE TABLE tries (
    key         BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32), -- HKDF-SHA256(data key, kind and whose)
    kind        TEXT NOT NULL CHECK (kind IN ('penalty', 'bucket')),
    level       INTEGER NOT NULL CHECK (level > 0),
    at          INTEGER NOT NULL,
    stale_at    INTEGER NOT NULL -- from then on the row says nothing and may go
) STRICT;
CREATE INDEX tries_by_end ON tries (stale_at);
