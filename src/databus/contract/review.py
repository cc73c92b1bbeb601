"""Everything that speaks against a folder of contracts, at once: what loading refuses at the first (`databus schemas check`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from databus.contract import catalogue, compatibility
from databus.contract.invariants import Objection
from databus.contract.schemas import read_schemas
from databus.errors import BadContract


def objections(root: Path) -> list[Objection]:
    """All reasons against the contracts of a folder; none if they may be released.

    Versions of schemas first. While one of them may not stand, nothing else is read.
    """
    try:
        schemas = read_schemas(root)
        found = [Objection(where, one.path, one.reason, one.fix) for where, one in compatibility.breaches(schemas)]
        return found or list(_of_catalogue(root))
    except BadContract as error:
        return [Objection(str(error.facts.get("file", root.name)), str(error.facts.get("field", "")), error.detail, "")]


def _of_catalogue(root: Path) -> Iterator[Objection]:
    contract = catalogue.read(root)
    yield from catalogue.broken(contract)
