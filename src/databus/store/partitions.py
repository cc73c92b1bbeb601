"""What the contracts add to the frame: a partition per record type, an index per indexed field of a dataset."""

from __future__ import annotations

import hashlib
import re

from databus.contract.catalogue import Contract
from databus.errors import BadContract
from databus.store.datasets import Dataset, datasets_of
from databus.store.sessions import Connection

_TYPE = re.compile(r"[A-Z][A-Z0-9_]*")
_LONGEST = 63
"""Bytes of a name PostgreSQL keeps; longer ones it cuts silently."""


async def ensure(connection: Connection, contract: Contract) -> None:
    """Make what is missing; never takes anything away.

    Raises:
        BadContract: a name cannot be the name of a partition or an index.
    """
    for name in contract.types:
        await connection.execute(f"CREATE TABLE IF NOT EXISTS {_partition(name)} PARTITION OF record_versions FOR VALUES IN ('{name}')")
    for dataset in datasets_of(contract).values():
        for statement in _indexes(dataset):
            await connection.execute(statement)


def _partition(record_type: str) -> str:
    if not _TYPE.fullmatch(record_type):
        raise BadContract(f"the record type {record_type!r} must be upper-case letters, digits and underscores", name=record_type)
    return _short(f"record_versions_{record_type.lower()}")


def _indexes(dataset: Dataset) -> list[str]:
    table = _partition(dataset.record_type)
    found = []
    for field in dataset.indexes:
        name = _short(f"{table}_by_{field}")
        found.append(f"CREATE INDEX IF NOT EXISTS {name} ON {table} (({dataset.columns[field].expression()}), record_key, subject_key)")
    return found


def _short(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
