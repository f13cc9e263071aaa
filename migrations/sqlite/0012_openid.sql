-- Signing in through an OpenID Connect provider: whose subject there an account is, what the provider's claims give it to
-- do, and which sessions began there. docs/accounts.md narrates it.

CREATE TABLE openid_links (
    issuer      TEXT NOT NULL CHECK (length(issuer) BETWEEN 1 AND 512), -- the provider, as its ID tokens name it
    subject     TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255), -- the person there, never given to anybody else (OpenID Connect Core 1.0 §2)
    account     TEXT NOT NULL REFERENCES accounts (id),
    linked_at   INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (account, issuer)
) STRICT;

-- As the claims of the last signing in said; the next one replaces them. Apart from `grants`, which people here give: they
-- hold in sessions that began at the provider, and nowhere else.
CREATE TABLE openid_grants (
    id          INTEGER NOT NULL PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (id),
    role        TEXT NOT NULL CHECK (role IN ('homeroom_teacher', 'principal', 'deputy_principal', 'clerk', 'department', 'operator', 'school_administrator')),
    school      TEXT REFERENCES schools (code), -- null for a department and an operator, and for them alone
    prefix      TEXT CHECK (length(prefix) BETWEEN 2 AND 20), -- a department's schools: how their codes begin; null: all
    CHECK ((school IS NULL) = (role IN ('department', 'operator'))),
    CHECK (prefix IS NULL OR role = 'department')
) STRICT;
CREATE INDEX openid_grants_of_account ON openid_grants (account);
CREATE INDEX openid_grants_of_school ON openid_grants (school);

-- Where a session began; 'provider_factor': at the provider, which said that it asked for a second factor.
ALTER TABLE sessions ADD COLUMN began TEXT NOT NULL DEFAULT 'here' CHECK (began IN ('here', 'provider', 'provider_factor'));
