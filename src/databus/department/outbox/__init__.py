"""The outbox: a table in the department's own PostgreSQL, written with the data it tells of, and the relay that empties it."""
