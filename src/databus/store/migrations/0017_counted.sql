-- What is counted for all processes together: logins tried, requests made. A key is a hash; a crash may forget all of it.
CREATE UNLOGGED TABLE counted (
    key bytea PRIMARY KEY,
    used integer NOT NULL,
    ends_at timestamptz NOT NULL
);

CREATE INDEX counted_end ON counted (ends_at);
