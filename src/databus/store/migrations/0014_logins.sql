-- Who is at the desk: a login is known by the hash of what its cookie holds, and ends with the secret it was made with.
CREATE TABLE logins (
    token bytea PRIMARY KEY,
    client_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    secret_hash text NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);

CREATE INDEX logins_end ON logins (ends_at);
