"""`databus schemas`: the contracts of this checkout, read and checked."""

from __future__ import annotations

from typing import Annotated

import typer

from databus.cli.output import as_json, console, table
from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.settings import Settings


def schemas(
    record_type: Annotated[str, typer.Argument(help="a record type; without one all are listed")] = "",
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """List record types, or the fields of one. A contract that breaks a rule is refused with its place."""
    contract = catalogue.load(Settings().contracts)
    rows = _fields(contract, record_type) if record_type else _types(contract)
    if as_document:
        print(as_json(rows))
    else:
        console().print(table("", list(rows[0]), [list(row.values()) for row in rows]))
    return 0


def _types(contract: Contract) -> list[dict[str, object]]:
    return [
        {
            "type": one.name,
            "name": f"{one.zh} · {one.en}",
            "fields": len(one.fields),
            "version": one.version,
            "owners": ", ".join(owner.department for owner in one.owners),
            "entries": ", ".join(entry.code for entry in one.entries),
        }
        for one in contract.types.values()
    ]


def _fields(contract: Contract, name: str) -> list[dict[str, object]]:
    return [
        {
            "field": field.name,
            "zh": field.zh,
            "en": field.en,
            "kind": field.kind,
            "codes": field.code or "",
            "class": field.publication.value,
            "privacy": field.privacy.value,
            "commercial": field.commercial.value,
        }
        for field in contract.record_type(name).fields.values()
    ]
