-- A second is too coarse: a department may tell the same record twice within one. `begun` is in microseconds since 1970.
ALTER TABLE replies RENAME COLUMN second TO begun;
