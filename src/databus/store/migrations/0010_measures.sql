-- What the daily checks and the scorecards count.
CREATE INDEX facts_entry ON facts (catalog_code, known_at);
