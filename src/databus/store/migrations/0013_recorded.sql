-- Attributes are weighed where they are shown, from the records that were disclosed: of two words of one authority the higher seq
-- counts, then the one written last. `record_versions.seq` is that of the content (of versions written before now: of the step).

DROP TABLE attribute_versions;

ALTER TABLE record_versions ADD COLUMN recorded_at bigint NOT NULL DEFAULT 0;
ALTER TABLE facts ADD COLUMN recorded_at bigint NOT NULL DEFAULT 0;
