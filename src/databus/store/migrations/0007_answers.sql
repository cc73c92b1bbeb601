-- What became of findings. `due_on` is the last day for the department (null: nothing can be mended); the latest transition stands
-- in the finding's own row, all of them in `answers`.
ALTER TABLE findings ADD COLUMN due_on date;
ALTER TABLE findings ADD COLUMN answered_by text NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN answered_at bigint NOT NULL DEFAULT 0;
ALTER TABLE findings ADD COLUMN answer text NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN fixed_by_event text NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN fixed_by_submission text NOT NULL DEFAULT '';

CREATE INDEX findings_due ON findings (due_on) WHERE status IN ('ISSUED', 'ACK');
CREATE INDEX findings_record ON findings (record_key, department);

CREATE TABLE answers (
    finding_id text NOT NULL,
    status text NOT NULL,
    "by" text NOT NULL,
    at bigint NOT NULL,
    reason text NOT NULL,
    event_id text NOT NULL,
    submission_id text NOT NULL,
    part smallint NOT NULL,
    "offset" bigint NOT NULL,
    PRIMARY KEY (part, "offset")
);

CREATE INDEX answers_finding ON answers (finding_id);
