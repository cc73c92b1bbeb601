"""Filters and order of a dataset, over rows in memory."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from databus.errors import Malformed
from databus.store.datasets import Column, Dataset
from databus.store.records import Clear
from databus.store.rows import RecordRow


def text_of(column: Column, value: object) -> str:
    """A value as a place tells it; what is absent comes before every other."""
    return str(value) if value is not None else "-Infinity" if column.type == "numeric" else ""


def value_of(column: Column, text: str) -> tuple[Decimal, str]:
    """What a text of a place is compared by."""
    return (Decimal(text), "") if column.type == "numeric" else (Decimal(0), text)


def meets(row: RecordRow, filters: Mapping[str, str], clear: Clear, dataset: Dataset) -> bool:
    """True if the row meets every filter; one on a field that is masked for its class meets none."""
    for name, asked in filters.items():
        named, _, operator = name.partition(".")
        column, told = dataset.columns[named], (row.payload or {}).get(named)
        if row.class_id not in clear.get(named, ()):
            return False
        match operator or "eq":
            case "eq":
                met = told == asked
            case "contains" | "has":
                met = told is not None and asked in told
            case "from":
                met = told is not None and value_of(column, told) >= value_of(column, asked)
            case "to":
                met = told is not None and value_of(column, told) <= value_of(column, asked)
            case other:
                raise Malformed(f"the memory store has no operator {other}", filter=name)
        if not met:
            return False
    return True
