"""Wiring: one file per process, the only place where the stages meet."""
