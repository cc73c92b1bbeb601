"""Values of the contract as JSON knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from databus.contract.fields import Field


def jsonable(value: Any) -> Any:
    """Dates as `YYYY-MM-DD`, decimals as plain strings, containers likewise; everything else as it is."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value


def typed(value: Any, field: Field) -> Any:
    """A value of JSON as its field holds it: the way back from `jsonable`."""
    if value is None:
        return None
    if field.parts:
        rows = value if isinstance(value, list) else [value]
        made = [{name: typed(row.get(name), part) for name, part in field.parts.items()} for row in rows]
        return made if isinstance(value, list) else made[0]
    match field.kind:
        case "date":
            return date.fromisoformat(value)
        case "decimal":
            return Decimal(value)
        case _:
            return value
