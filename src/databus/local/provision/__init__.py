"""Engines on this machine: what is there is used, what is missing is fetched or built once per user, at pinned versions."""
