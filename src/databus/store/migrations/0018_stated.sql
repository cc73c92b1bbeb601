-- What an event's envelope said beside its payload and its days: so that it can be said again when no inbox holds it any more.
ALTER TABLE facts ADD COLUMN stated jsonb;
