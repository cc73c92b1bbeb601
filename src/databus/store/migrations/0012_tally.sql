-- What has left `steps` and `findings`, counted: the reconciliation is of all submissions there ever were.
CREATE TABLE tally (
    class text PRIMARY KEY,
    submissions bigint NOT NULL,
    places bigint NOT NULL
);
