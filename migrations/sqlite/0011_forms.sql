-- Forms that were sent and do their work once (docs/pages.md).
CREATE TABLE used_forms (
    hash        BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of session, address and the form's id
    used_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL -- the session has ended by then at the latest, and the form with it
) STRICT;
CREATE INDEX used_forms_by_end ON used_forms (expires_at);
