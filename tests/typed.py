"""An example.json as the codec takes it: days and amounts where the contract has them, inside records too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.fields import Field
from databus.settings import CHECKOUT

DAYS = ("valid_from", "valid_to", "decided_at")


def typed(value: Any, field: Field) -> Any:
    """A value of JSON as one of its field."""
    match field.kind:
        case _ if value is None:
            return None
        case "date":
            return date.fromisoformat(value)
        case "decimal":
            return Decimal(value)
        case "record":
            return record(value, field.parts)
        case "records":
            return [record(each, field.parts) for each in value]
    return value


def record(values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Every value of a record."""
    return {name: typed(value, fields[name]) for name, value in values.items()}


def example(record_type: RecordType) -> dict[str, Any]:
    """The shipped example of a type."""
    raw: dict[str, Any] = json.loads((CHECKOUT / "schemas" / record_type.name / "example.json").read_text("utf-8"))
    days = {name: raw["envelope"][name] and date.fromisoformat(raw["envelope"][name]) for name in DAYS}
    return {"envelope": {**raw["envelope"], **days}, "payload": record(raw["payload"], record_type.fields)}
