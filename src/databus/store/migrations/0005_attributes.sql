-- Attributes of subjects: whose word each takes, and who else speaks. Places only: a value is that of the record it stands in,
-- so that what hides, cuts or erases the record does so to the attribute.

CREATE TABLE attribute_versions (
    subject_key text NOT NULL,
    attribute text NOT NULL,
    status text NOT NULL,
    chosen jsonb,
    others jsonb NOT NULL,
    change_id text NOT NULL,
    known_at bigint NOT NULL,
    part smallint NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint,
    UNIQUE (change_id, attribute)
);

CREATE UNIQUE INDEX attribute_versions_open ON attribute_versions (subject_key, attribute) WHERE to_offset IS NULL;
CREATE INDEX attribute_versions_known ON attribute_versions (subject_key, known_at);
