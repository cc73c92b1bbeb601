"""`databus schemas`: the contracts of a folder, listed, shown one by one, or checked for what speaks against their release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from databus.cli.output import as_json, console, headed, table
from databus.contract import catalogue
from databus.contract.catalogue import Contract, RecordType
from databus.contract.fields import Field
from databus.contract.review import objections
from databus.model.labels import Publication, narrows
from databus.settings import Settings

CHECK = "check"
"""The word that asks for a check instead of a type; types are in capitals."""


def schemas(
    what: Annotated[
        str, typer.Argument(help="a record type to show, or `check`; without one all types are listed", metavar="TYPE|check")
    ] = "",
    folder: Annotated[Path | None, typer.Option("--folder", help="another folder of contracts than DATABUS_CONTRACTS")] = None,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """List the record types, show one, or check all of them: compatible versions, no label lowered, the catalogue's invariants."""
    root = folder or Settings().contracts
    if what == CHECK:
        return _check(root, as_document=as_document)
    contract = catalogue.load(root)
    if as_document:
        print(as_json(_described(contract.record_type(what), contract) if what else _types(contract)))
    elif what:
        _show(contract.record_type(what), contract, console())
    else:
        _list(contract, console())
    return 0


def _check(root: Path, *, as_document: bool) -> int:
    found = objections(root)
    if as_document:
        print(as_json({"objections": found}))
    elif found:
        rows = [(one.file, one.path, one.reason, one.fix) for one in found]
        console().print(table("", ("file", "where", "what is wrong", "what would help"), rows))
    else:
        contract = catalogue.load(root)
        counts = f"{len(contract.types)} record types, {len(contract.entries)} catalogue entries, {len(contract.codes.lists)} code lists"
        console().print(f"Nothing speaks against these contracts: {counts}, {len(contract.rules.sets)} rule sets.")
    return 1 if found else 0


def _types(contract: Contract) -> list[dict[str, object]]:
    return [
        {
            "type": one.name,
            "zh": one.zh,
            "en": one.en,
            "section": one.section,
            "class": _widest(one).value,
            "fields": len(one.fields),
            "version": one.version,
            "owners": [owner.department for owner in one.owners],
            "entries": [entry.code for entry in one.entries],
            "dataset": one.dataset,
        }
        for one in sorted(contract.types.values(), key=lambda one: (one.section, one.name))
    ]


def _list(contract: Contract, out: Console) -> None:
    columns = ("section", "type", "name", "", "class", "fields", "version", "owners")
    told = ("section", "type", "zh", "en", "class", "fields", "version")
    rows = [
        (*(row[name] for name in told), ", ".join(owner.department for owner in contract.types[str(row["type"])].owners))
        for row in _types(contract)
    ]
    out.print(table("", columns, rows))


def _widest(one: RecordType) -> Publication:
    """The class nearest to PUBLIC under which a type is published."""
    classes = [entry.publication for entry in one.entries]
    return next((wide for wide in classes if all(narrows(other, wide) for other in classes)), classes[0])


def _described(one: RecordType, contract: Contract) -> dict[str, object]:
    return {
        "type": one.name,
        "zh": one.zh,
        "en": one.en,
        "section": one.section,
        "version": one.version,
        "key": one.key,
        "owners": one.owners,
        "entries": [{**entry.raw, "record_type": one.name} for entry in one.entries],
        "rules": {rules.id: [rule.id for rule in rules.about.get(one.lifecycle, ())] for rules in contract.rules.sets},
        "dataset": one.dataset,
        "fields": list(_fields(one)),
    }


def _fields(one: RecordType) -> Iterator[dict[str, object]]:
    for name, field in one.fields.items():
        yield _field(name, field, one)
        yield from (_field(f"{name}.{part}", inner, one) for part, inner in field.parts.items())


def _field(path: str, field: Field, one: RecordType) -> dict[str, object]:
    required = all(path in entry.required for entry in one.entries)
    return {
        "field": path,
        "zh": field.zh,
        "en": field.en,
        "kind": field.kind,
        "asked": "required" if required else "recommended" if any(path in entry.recommended for entry in one.entries) else "",
        "codes": field.code or "",
        "class": field.publication.value,
        "privacy": field.privacy.value,
        "commercial": field.commercial.value,
        "mask": field.mask or "",
    }


def _show(one: RecordType, contract: Contract, out: Console) -> None:
    out.print(headed(one.name, f" {one.zh} · {one.en}, version {one.version}, key {' + '.join(one.key)}"))
    rows = [
        (
            entry.code,
            entry.department,
            entry.zh,
            entry.publication.value,
            entry.late_after,
            contract.codes.label("update_cycle", str(entry.update_cycle), "en"),
        )
        for entry in one.entries
    ]
    out.print(table("", ("entry", "department", "", "class", "working days", "updated"), rows))
    for rules in contract.rules.sets:
        out.print(f"{rules.id}: " + ", ".join(f"{rule.id} ({rule.citation})" for rule in rules.about.get(one.lifecycle, ())))
    fields = list(_fields(one))
    plain = [name for name in fields[0] if any(str(row[name]) not in ("", "NONE") for row in fields)]
    out.print(table("", plain, [["" if row[name] == "NONE" else row[name] for name in plain] for row in fields]))
