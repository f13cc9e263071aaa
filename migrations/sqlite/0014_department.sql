-- What a department looks at over all of its schools: which class an appointment gives, and until when a certificate is
-- valid, without reading each statement and each certificate.

ALTER TABLE appointments ADD COLUMN year INTEGER;   -- calendar year in which the school year starts; null: of the whole school, or written before this column
ALTER TABLE appointments ADD COLUMN class TEXT;     -- name of the class; null as the year
CREATE INDEX appointments_of_school ON appointments (school, role);

ALTER TABLE certificates ADD COLUMN not_after INTEGER; -- last moment it is valid, as it says; null: unreadable, or written before this column
CREATE INDEX certificates_by_end ON certificates (not_after);
