-- Whether a record was ever deleted is asked with every chunk that tells of it, however much was said of it.
CREATE INDEX facts_deletes ON facts (subject_key, record_key, record_type) WHERE facet = 'delete';
