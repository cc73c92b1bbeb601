-- Replies to requests that carried an Idempotency-Key: a repeat gets the same one. Without `status` the request is under way
-- until `held_until`; whoever takes it over then goes on with the same `second`, so that ids and sequence stay the same.
CREATE TABLE replies (
    department text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    second bigint NOT NULL,
    holder text NOT NULL,
    held_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status integer,
    media_type text,
    body bytea,
    PRIMARY KEY (department, key)
);

CREATE INDEX replies_expiry ON replies (expires_at);
