"""The read store: PostgreSQL. Written from `changes`, `findings`, `permits` and `decisions`, exactly once; the only SQL.

`database` opens and migrates, `projection` writes, every other module is a reader. A reader never decides: it takes the
classes a plan allows and the day, and a record outside them changes nothing in its answer.
"""
