-- Telling people by e-mail: the address that somebody confirmed, one that waits for its code, and which day's mail was taken
-- in hand. docs/accounts.md narrates it, docs/adr/0027 says what a mail holds.

-- Where an account is written to: confirmed by a code that was sent there. Removed with password and second factor.
CREATE TABLE mail_addresses (
    account      TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (id),
    key_id       TEXT    NOT NULL, -- envelope: the address
    nonce        BLOB    NOT NULL CHECK (length(nonce) = 12),
    address      BLOB    NOT NULL,
    confirmed_at INTEGER NOT NULL
) STRICT;

-- An address that waits for its code: the last one given. Used, made anew or over, it is gone.
CREATE TABLE mail_codes (
    account     TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (id),
    hash        BLOB    NOT NULL CHECK (length(hash) = 32), -- HKDF-SHA256(data key, account and code); the code is in the mail alone
    key_id      TEXT    NOT NULL, -- envelope: the address
    nonce       BLOB    NOT NULL CHECK (length(nonce) = 12),
    address     BLOB    NOT NULL,
    made_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_codes_by_end ON mail_codes (expires_at);

-- The mail of one account on one day. Written before the mail goes out: a crash can at worst lose that day's mail, never send
-- it twice.
CREATE TABLE mail_days (
    account     TEXT    NOT NULL REFERENCES accounts (id),
    day         INTEGER NOT NULL, -- days since 1970-01-01 by the clock of Vietnam
    state       TEXT    NOT NULL CHECK (state IN ('nothing', 'sending', 'sent', 'put_off', 'given_up')),
    tries       INTEGER NOT NULL CHECK (tries >= 0), -- that were begun
    due_at      INTEGER, -- of 'put_off': not tried again before
    PRIMARY KEY (account, day),
    CHECK ((due_at IS NULL) = (state <> 'put_off'))
) STRICT;
CREATE INDEX mail_days_by_day ON mail_days (day);
