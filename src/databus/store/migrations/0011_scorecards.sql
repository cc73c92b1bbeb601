-- Scorecards: shares per month, department, catalogue entry and metric; what independent checks of samples found is put in by hand.
CREATE TABLE scorecards (
    month date NOT NULL,
    department text NOT NULL,
    catalog_code text NOT NULL,
    metric text NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    PRIMARY KEY (month, department, catalog_code, metric)
);

CREATE TABLE reconciliation_samples (
    month date NOT NULL,
    department text NOT NULL,
    catalog_code text NOT NULL,
    metric text NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (month, department, catalog_code, metric, source)
);

-- Up to when what was written is in the scorecards (milliseconds).
CREATE TABLE scorecard_reach (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    written_at bigint NOT NULL
);
INSERT INTO scorecard_reach (written_at) VALUES (0);

CREATE INDEX steps_written ON steps (written_at);
CREATE INDEX findings_written ON findings (written_at);
