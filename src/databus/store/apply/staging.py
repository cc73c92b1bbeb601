"""A chunk as rows of a temporary table, so that it is applied by a few statements whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from databus.store.sessions import Connection


async def stage(connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Copy rows into a temporary table that is empty again after the transaction.

    `table` and `columns` (name → type) are constants of the code.
    """
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    await connection.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({listed}) ON COMMIT DELETE ROWS")
    await connection.copy_records_to_table(table, records=[tuple(map(clean, row)) for row in rows], columns=list(columns))


def clean(value: Any) -> Any:
    """The value without the character NUL, which PostgreSQL holds in no text and no jsonb."""
    match value:
        case str():
            return value.replace("\x00", "\ufffd") if "\x00" in value else value
        case list() | tuple():
            return [clean(item) for item in value]
        case Mapping():
            return {clean(name): clean(item) for name, item in value.items()}
        case _:
            return value
