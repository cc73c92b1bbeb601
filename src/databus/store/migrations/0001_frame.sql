-- The frame. Partitions and expression indexes of record_versions are made from the contracts, not here.
-- Instants are milliseconds since 1970, as on the bus; days are dates (Asia/Shanghai).

CREATE TABLE label_classes (
    class_id bigint PRIMARY KEY,
    canonical text NOT NULL
);

-- One row per version of a record; the open one (to_offset IS NULL) is the record as it stands.
-- A row without payload is a withdrawal. Name and codes are those the record itself tells of its subject: whoever may
-- not see the record learns neither.
CREATE TABLE record_versions (
    record_type text NOT NULL,
    record_key text NOT NULL,
    subject_key text NOT NULL,
    subject_name text NOT NULL,
    codes jsonb NOT NULL,
    authority smallint NOT NULL,
    department text NOT NULL,
    system text NOT NULL,
    change_id text NOT NULL,
    kind text NOT NULL,
    event_id text NOT NULL,
    submission_id text NOT NULL,
    catalog_code text NOT NULL,
    seq bigint NOT NULL,
    payload jsonb,
    standing text NOT NULL,
    class_id bigint NOT NULL,
    valid_from date,
    valid_to date,
    decided_at date,
    known_at bigint NOT NULL,
    wake date,
    rule text NOT NULL,
    part smallint NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint,
    UNIQUE (part, from_offset, record_type)
) PARTITION BY LIST (record_type);

CREATE UNIQUE INDEX record_versions_open ON record_versions (subject_key, record_key, record_type) WHERE to_offset IS NULL;
CREATE INDEX record_versions_walk ON record_versions (record_key, subject_key);

CREATE TABLE subjects (
    subject_key text PRIMARY KEY,
    kind text NOT NULL,
    division text NOT NULL
);

-- Every name any record gives a subject; grams are the pairs of neighbouring characters of `folded`.
CREATE TABLE subject_names (
    subject_key text NOT NULL,
    name text NOT NULL,
    folded text NOT NULL,
    size integer NOT NULL,
    grams text[] NOT NULL,
    PRIMARY KEY (subject_key, name)
);

CREATE INDEX subject_names_grams ON subject_names USING gin (grams) WITH (fastupdate = off);
CREATE INDEX subject_names_rank ON subject_names (size, name, subject_key);

CREATE TABLE subject_codes (
    value text NOT NULL,
    scheme text NOT NULL,
    subject_key text NOT NULL,
    PRIMARY KEY (value, scheme, subject_key)
);

CREATE INDEX subject_codes_subject ON subject_codes (subject_key);

CREATE TABLE steps (
    change_id text PRIMARY KEY,
    kind text NOT NULL,
    pv bigint,
    event_id text NOT NULL,
    submission_id text NOT NULL,
    subject_key text NOT NULL,
    record_type text NOT NULL,
    record_key text NOT NULL,
    department text NOT NULL,
    system text NOT NULL,
    op text NOT NULL,
    facet text NOT NULL,
    seq bigint NOT NULL,
    catalog_code text NOT NULL,
    was text,
    standing text NOT NULL,
    class_id bigint NOT NULL,
    wake date,
    rule text NOT NULL,
    fields text[] NOT NULL,
    causes text[] NOT NULL,
    inbox_partition integer NOT NULL,
    inbox_offset bigint NOT NULL,
    origin_partition integer NOT NULL,
    origin_offset bigint NOT NULL,
    part smallint NOT NULL,
    "offset" bigint NOT NULL,
    known_at bigint NOT NULL,
    UNIQUE (part, "offset")
);

CREATE INDEX steps_submission ON steps (submission_id);
CREATE INDEX steps_event ON steps (event_id);

CREATE TABLE findings (
    finding_id text PRIMARY KEY,
    department text NOT NULL,
    submission_id text NOT NULL,
    event_id text NOT NULL,
    record_type text NOT NULL,
    catalog_code text NOT NULL,
    record_key text NOT NULL,
    rule text NOT NULL,
    verdict text NOT NULL,
    field text NOT NULL,
    observed text NOT NULL,
    expected text NOT NULL,
    suggestion text NOT NULL,
    message_zh text NOT NULL,
    message_en text NOT NULL,
    issued_at bigint NOT NULL,
    inbox_partition integer NOT NULL,
    inbox_offset bigint NOT NULL,
    "row" integer NOT NULL,
    status text NOT NULL,
    fixes text NOT NULL
);

CREATE INDEX findings_department ON findings (department, issued_at DESC, finding_id);
CREATE INDEX findings_submission ON findings (submission_id);
CREATE INDEX findings_event ON findings (event_id);

CREATE TABLE decisions (
    decision_id text PRIMARY KEY,
    at bigint NOT NULL,
    request_id text NOT NULL,
    caller text NOT NULL,
    role text NOT NULL,
    organisation text NOT NULL,
    purpose text NOT NULL,
    relation text NOT NULL,
    permit_id text NOT NULL,
    action text NOT NULL,
    subject_key text NOT NULL,
    outcome text NOT NULL,
    reasons text[] NOT NULL,
    records text[] NOT NULL,
    disclosed jsonb NOT NULL,
    withheld jsonb NOT NULL,
    plan_id text NOT NULL,
    revision text NOT NULL,
    count bigint NOT NULL
);

CREATE INDEX decisions_at ON decisions (at DESC, decision_id);
CREATE INDEX decisions_caller ON decisions (caller, at DESC, decision_id);
CREATE INDEX decisions_subject ON decisions (subject_key, at DESC, decision_id);
CREATE INDEX decisions_request ON decisions (request_id);
CREATE INDEX decisions_reasons ON decisions USING gin (reasons);
CREATE INDEX decisions_records ON decisions USING gin (records);

CREATE TABLE permits (
    permit_id text PRIMARY KEY,
    version bigint NOT NULL,
    kind text NOT NULL,
    grantee text NOT NULL,
    subjects text[] NOT NULL,
    record_types text[] NOT NULL,
    items text[] NOT NULL,
    purposes text[] NOT NULL,
    terms text[] NOT NULL,
    legal_basis text NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    revoked boolean NOT NULL
);

CREATE INDEX permits_grantee ON permits (grantee);

CREATE TABLE accounts (
    client_id text PRIMARY KEY,
    secret_hash text NOT NULL,
    role text NOT NULL,
    organisation text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled boolean NOT NULL DEFAULT false
);

-- What is applied: everything below next_offset. It moves in the transaction that applies it.
CREATE TABLE positions (
    topic text NOT NULL,
    part smallint NOT NULL,
    next_offset bigint NOT NULL,
    generation integer NOT NULL DEFAULT 1,
    PRIMARY KEY (topic, part)
);

-- Steps below this offset are no longer served.
CREATE TABLE feed_floor (
    part smallint PRIMARY KEY,
    "offset" bigint NOT NULL
);
