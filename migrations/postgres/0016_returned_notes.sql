-- What a principal wrote to the teacher when a record was returned: about a pupil, so under the data key. It goes with the
-- next signature, as the reason does.
ALTER TABLE record_versions ADD COLUMN note_key_id TEXT COLLATE "C"; -- envelope; null where nothing was written
ALTER TABLE record_versions ADD COLUMN note_nonce BYTEA CHECK (length(note_nonce) = 12);
ALTER TABLE record_versions ADD COLUMN note BYTEA CHECK (
    (note IS NULL) = (note_key_id IS NULL) AND (note IS NULL) = (note_nonce IS NULL)
    AND (note IS NULL OR returned IS NOT NULL)
);
