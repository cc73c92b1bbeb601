-- Days all that they moved has been applied of, per partition of `changes`: the lowest is the day an answer holds for.
CREATE TABLE clock (
    part smallint PRIMARY KEY,
    day date NOT NULL
);

-- When a step was written, which is not always when its event was known: steps are kept by this.
ALTER TABLE steps ADD COLUMN written_at bigint NOT NULL DEFAULT 0;
UPDATE steps SET written_at = known_at;
