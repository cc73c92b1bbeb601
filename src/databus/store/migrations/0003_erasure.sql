-- How far steps have been looked through for what a DELETE has overtaken, by partition of `changes`.
CREATE TABLE erased (
    part smallint PRIMARY KEY,
    "offset" bigint NOT NULL
);

CREATE INDEX steps_deletes ON steps (subject_key, record_key) WHERE op = 'DELETE';
