"""Rows on their way into PostgreSQL: by COPY, whatever their number, and holding only what it can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from databus.store.sessions import Connection


async def copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Copy rows into a table; texts are without NUL already, `bytes` for a jsonb are its JSON."""
    if found := list(rows):
        await connection.copy_records_to_table(table, records=found, columns=columns)


async def stage(connection: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Copy rows into a temporary table that is empty again after the transaction.

    `table` and `columns` (name → type) are constants of the code.
    """
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    await connection.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({listed}) ON COMMIT DELETE ROWS")
    await copy(connection, table, list(columns), (tuple(map(clean, row)) for row in rows))


def json_of(value: Any) -> bytes:
    """A value of the contract as JSON, as `contract.values.jsonable` has it, without the character NUL."""
    data = orjson.dumps(value, default=_plain)
    return orjson.dumps(clean(orjson.loads(data))) if b"\\u0000" in data else data


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is no value of a contract")


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
