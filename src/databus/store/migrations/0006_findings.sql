-- When a finding was written, which with told times is not when it was issued: findings are kept by this.
ALTER TABLE findings ADD COLUMN written_at bigint NOT NULL DEFAULT 0;
UPDATE findings SET written_at = issued_at;
