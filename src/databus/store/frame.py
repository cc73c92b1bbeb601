"""The hand-written part of the schema: numbered SQL files, applied once, in order, and never changed afterwards."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from databus.errors import DataUnusable
from databus.store.sessions import Connection

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_REMEDY = (
    "Use the version of databus that wrote it, or empty it (`databus down --erase` on the embedded stack) and load it again from the bus."
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> tuple[Migration, ...]:
    """The files of this version, in order."""
    found = []
    for entry in files("databus.store").joinpath("migrations").iterdir():
        if match := _NAME.fullmatch(entry.name):
            found.append(Migration(int(match[1]), entry.name, entry.read_text("utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.number))


async def apply(connection: Connection, migrations: tuple[Migration, ...]) -> tuple[str, ...]:
    """Bring the frame up to date inside the caller's transaction; the names of what was applied now.

    Raises:
        DataUnusable: an applied migration is not the one of that number here, or is not known here at all.
    """
    await connection.execute(_LEDGER)
    known = {migration.number: migration for migration in migrations}
    done = await connection.fetch("SELECT number, name, checksum FROM migrations ORDER BY number")
    for row in done:
        _require_same(known.get(row["number"]), row["name"], row["checksum"])
    applied = {row["number"] for row in done}
    fresh = [migration for migration in migrations if migration.number not in applied]
    for migration in fresh:
        await connection.execute(migration.sql)
        values = migration.number, migration.name, migration.checksum
        await connection.execute("INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)", *values)
    return tuple(migration.name for migration in fresh)


def _require_same(migration: Migration | None, name: str, checksum: str) -> None:
    if migration is None:
        raise DataUnusable(f"the database holds migration {name}, which this version does not know. {_REMEDY}", migration=name)
    if migration.checksum != checksum:
        raise DataUnusable(f"migration {name} was applied in another wording than it has now. {_REMEDY}", migration=name)
