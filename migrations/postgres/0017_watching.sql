-- The department watches: how far the records of each class are, kept with each change; where a school lies; of which
-- school an event of the audit log is; and how the chain answered the anchoring service last.

ALTER TABLE school_list ADD COLUMN ward TEXT COLLATE "C"; -- commune or ward (xã, phường) as the department's list has it; null: not said

-- What the records of one class are worth, counted anew from them by every transaction that changes one (docs/adr/0026).
-- A class is planned, or has records, or both. `fsck` counts again and compares.
CREATE TABLE class_progress (
    school      TEXT COLLATE "C"    NOT NULL REFERENCES schools (code),
    year        BIGINT NOT NULL,           -- calendar year in which the school year starts
    class       TEXT COLLATE "C"    NOT NULL,           -- name
    grade       BIGINT NOT NULL CHECK (grade BETWEEN 1 AND 12), -- may change while the year is open
    waiting     BIGINT NOT NULL CHECK (waiting >= 0),    -- pupils on the class list without a record of this year at this school
    drafted     BIGINT NOT NULL CHECK (drafted >= 0),    -- records by their latest version, each in one of these six …
    signed      BIGINT NOT NULL CHECK (signed >= 0),     -- by the homeroom teacher
    signed_off  BIGINT NOT NULL CHECK (signed_off >= 0), -- by the principal or a deputy
    sealed      BIGINT NOT NULL CHECK (sealed >= 0),     -- by the school, and not on the public record yet
    in_force    BIGINT NOT NULL CHECK (in_force >= 0),   -- on the public record
    left_out    BIGINT NOT NULL CHECK (left_out >= 0),   -- the class goes on without them
    returned    BIGINT NOT NULL CHECK (returned >= 0),   -- those of `drafted` that were returned to the teacher
    day         BIGINT NOT NULL,           -- of the last change, in days since 1970-01-01 by the clock of Vietnam
    PRIMARY KEY (school, year, class)
);

-- The same at the end of each day on which it changed: what a later day is compared with. The last row of a class says
-- what `class_progress` says.
CREATE TABLE class_progress_days (
    school      TEXT COLLATE "C"    NOT NULL,
    year        BIGINT NOT NULL,
    class       TEXT COLLATE "C"    NOT NULL,
    day         BIGINT NOT NULL,
    waiting     BIGINT NOT NULL,
    drafted     BIGINT NOT NULL,
    signed      BIGINT NOT NULL,
    signed_off  BIGINT NOT NULL,
    sealed      BIGINT NOT NULL,
    in_force    BIGINT NOT NULL,
    left_out    BIGINT NOT NULL,
    returned    BIGINT NOT NULL,
    PRIMARY KEY (school, year, class, day),
    FOREIGN KEY (school, year, class) REFERENCES class_progress (school, year, class)
);

-- What was there before: counted once, as of the day of the last change.
INSERT INTO class_progress (school, year, class, grade, waiting, drafted, signed, signed_off, sealed, in_force, left_out, returned, day)
SELECT k.school, k.year, k.name, COALESCE(MAX(c.grade), MAX(k.grade)),
    (SELECT COUNT(*) FROM planned_classes p JOIN class_members m ON m.class = p.id
        WHERE p.school = k.school AND p.year = k.year AND p.name = k.name AND NOT EXISTS (SELECT 1 FROM records o
            JOIN classes t ON t.id = o.class WHERE o.pupil = m.pupil AND t.school = k.school AND t.year = k.year AND t.kind = 'year')),
    COUNT(CASE WHEN v.state = 'draft' AND v.left_out IS NULL THEN 1 END),
    COUNT(CASE WHEN v.state = 'teacher_signed' THEN 1 END),
    COUNT(CASE WHEN v.state = 'co_signed' THEN 1 END),
    COUNT(CASE WHEN v.state = 'sealed' AND b.chain_index IS NULL THEN 1 END),
    COUNT(CASE WHEN v.state = 'sealed' AND b.chain_index IS NOT NULL THEN 1 END),
    COUNT(CASE WHEN v.left_out IS NOT NULL THEN 1 END),
    COUNT(CASE WHEN v.state = 'draft' AND v.left_out IS NULL AND v.returned IS NOT NULL THEN 1 END),
    COALESCE((MAX(v.changed_at) + 25200) / 86400, 0)
FROM (SELECT school, year, name, MAX(grade) AS grade FROM (SELECT school, year, name, grade FROM planned_classes
        UNION ALL SELECT school, year, name, grade FROM classes WHERE kind = 'year') a GROUP BY school, year, name) k
    LEFT JOIN classes c ON c.school = k.school AND c.year = k.year AND c.name = k.name AND c.kind = 'year'
    LEFT JOIN records r ON r.class = c.id
    LEFT JOIN record_versions v ON v.record = r.id AND v.version = (SELECT MAX(w.version) FROM record_versions w WHERE w.record = r.id)
    LEFT JOIN leaves l ON l.kind = 'record' AND l.subject = v.record AND l.version = v.version
    LEFT JOIN batches b ON b.id = l.batch
GROUP BY k.school, k.year, k.name;
INSERT INTO class_progress_days (school, year, class, day, waiting, drafted, signed, signed_off, sealed, in_force, left_out, returned)
SELECT school, year, class, day, waiting, drafted, signed, signed_off, sealed, in_force, left_out, returned FROM class_progress;

-- Of which school and class an event is, as far as its subject tells; null: of none, of several, or noted before this column.
ALTER TABLE audit_events ADD COLUMN school TEXT COLLATE "C";
ALTER TABLE audit_events ADD COLUMN class TEXT COLLATE "C"; -- name of the class
CREATE INDEX audit_events_by_time ON audit_events (at, id);
CREATE INDEX audit_events_of_school ON audit_events (school, at, id);
CREATE INDEX audit_events_of_actor ON audit_events (actor, at, id);
CREATE INDEX audit_events_of_action ON audit_events (action, at, id);

-- How the chain's operators answered the anchoring service when it last asked; one row.
CREATE TABLE chain_looks (
    name        TEXT COLLATE "C"    NOT NULL PRIMARY KEY CHECK (name = 'anchoring'),
    at          BIGINT NOT NULL,
    operators   BIGINT NOT NULL,           -- that are asked
    needed      BIGINT NOT NULL,           -- that have to agree
    answered    BIGINT NOT NULL CHECK (answered BETWEEN 0 AND operators), -- that agreed
    block       BIGINT,                    -- settled block they agree on; null: they do not
    block_time  BIGINT,
    funds       TEXT COLLATE "C" CHECK (funds IN ('free', 'enough', 'low', 'none', 'unknown')), -- of the account that pays for anchoring
    CHECK ((block IS NULL) = (block_time IS NULL))
);
