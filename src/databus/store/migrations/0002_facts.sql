-- What every source ever said of a record and when that became known: `as_of` and `known_at` are answered from here.
-- One row per event that states a content or an end. What a DELETE has overtaken is not in it, whenever it was known.

CREATE TABLE facts (
    event_id text PRIMARY KEY,
    subject_key text NOT NULL,
    record_type text NOT NULL,
    record_key text NOT NULL,
    source text NOT NULL,
    facet text NOT NULL,
    seq bigint NOT NULL,
    mark bytea NOT NULL,
    withdrawn boolean NOT NULL,
    deciding boolean NOT NULL,
    known_at bigint NOT NULL,
    submission_id text NOT NULL,
    catalog_code text NOT NULL,
    payload jsonb,
    valid_from date,
    valid_to date,
    decided_at date
);

CREATE INDEX facts_record ON facts (subject_key, record_key, record_type);
