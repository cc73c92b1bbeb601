"""The embedded stack: real Kafka, OPA and PostgreSQL and our own processes on one machine.

In: settings and an empty folder. Out: a running line. Next: nothing; a cluster brings its own engines.
`stack.up` provisions, makes keys and starts a supervisor; `stack.down` ends only what that supervisor started.
"""
