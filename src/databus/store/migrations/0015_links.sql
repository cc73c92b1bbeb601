-- Under which key a subject is known since: an older code's leads to that of the code it belongs to. Empty once it no longer does.
CREATE TABLE subject_moves (
    subject_key text PRIMARY KEY,
    moved_to text NOT NULL
);

CREATE INDEX subject_moves_to ON subject_moves (moved_to);

-- The event a step's event says again under another key; such steps stand beside the sum.
ALTER TABLE steps ADD COLUMN original text NOT NULL DEFAULT '';
CREATE INDEX steps_original ON steps (original) WHERE original <> '';

-- The highest offset of `events` whose step was among those looked through.
ALTER TABLE erased ADD COLUMN folded bigint NOT NULL DEFAULT -1;
