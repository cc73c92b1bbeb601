-- The outbox of a department (PostgreSQL 13 or later): run it once in the database that holds the facts. Safe to repeat.
--
-- Insert a row in the very transaction that changes the fact: both are there or neither is. `databus outbox relay` sends what waits,
-- in the order of `id`, and writes back what became of it. Ids are the sequence of the source: never set them back.
--
--   INSERT INTO databus_outbox (record_type, fact) VALUES ('ADMIN_PENALTY', '{"doc_no": "…", "decided_at": "2026-11-09", …}');
--
-- A row that was REFUSED, REJECTED or HELD says why in `remarks`. Mend it by a new row whose fact names the finding
-- ("envelope": {"fixes": "<finding_id>"}), or, where it never left (REFUSED), by correcting `fact` and setting `state` to WAITING.
-- What was ACCEPTED may be deleted whenever you like.

CREATE TABLE IF NOT EXISTS databus_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_type text NOT NULL,
    -- One object in the contract's own names, as a line of an NDJSON file. json, not jsonb: nothing of it is dropped unseen.
    fact json NOT NULL,
    -- The catalogue entry, where the department has several for the type.
    entry text,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'WAITING'
        CHECK (state IN ('WAITING', 'SENT', 'ACCEPTED', 'REFUSED', 'REJECTED', 'HELD')),
    submission_id text,
    inbox_partition integer,
    inbox_offset bigint,
    taken_at timestamptz,
    -- [{"rule", "field", "observed", "reason", "suggestion", "verdict", "finding_id"}]
    remarks jsonb
);

CREATE INDEX IF NOT EXISTS databus_outbox_waiting ON databus_outbox (id) WHERE state = 'WAITING';
CREATE INDEX IF NOT EXISTS databus_outbox_sent ON databus_outbox (id) WHERE state = 'SENT';

CREATE OR REPLACE FUNCTION databus_outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('databus_outbox', '');
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER databus_outbox_notify AFTER INSERT OR UPDATE OF state ON databus_outbox
    FOR EACH STATEMENT EXECUTE FUNCTION databus_outbox_notify();
