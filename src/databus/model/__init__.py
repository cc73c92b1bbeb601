"""Nouns of the line: frozen dataclasses over the standard library."""
