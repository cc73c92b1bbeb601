"""The command `databus`: one verb per file, a table for people, `--json` for machines."""

from databus.cli.app import main

__all__ = ["main"]
