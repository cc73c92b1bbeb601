"""What the catalogue may never say (domain 3.1, invariants 1, 3, 4, 5 and 7), and that names lead somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from databus.contract.codes import Codes
from databus.contract.entries import Check, Entry
from databus.contract.fields import Field
from databus.errors import BadContract
from databus.model.labels import Privacy, Publication

Fields = Mapping[str, Mapping[str, Field]]
Break = tuple[str, str]
_REFUSED, _OPENABLE, _RULES, _BANNED = 3, (1, 2), "dq_rule", "prohibited_item"


def require(
    *, entries: Mapping[str, Entry], fields: Fields, checks: Mapping[str, tuple[Check, ...]], datasets: Any, attributes: Any, codes: Codes
) -> None:
    """Hold the catalogue against its invariants. `fields` and `checks` are by record type.

    Raises:
        BadContract: one is broken; the error names the file and what is wrong.
    """
    parts: tuple[Callable[[], Iterator[Break]], ...] = (
        lambda: (broken for entry in entries.values() for broken in _entry(entry)),
        lambda: _lists(fields, checks, codes),
        lambda: (broken for name, dataset in datasets.items() for broken in _dataset(name, dataset, fields)),
        lambda: _attributes(attributes["attributes"], entries, fields),
    )
    for part in parts:
        try:
            for where, wrong in part():
                raise BadContract(f"{where}: {wrong}", file=where)
        except (KeyError, TypeError, AttributeError) as error:
            raise BadContract(f"datasets/ or attributes.yaml lacks or misstates {error}") from error


def _entry(entry: Entry) -> Iterator[Break]:
    where = f"{entry.record_type}/type.yaml {entry.code}"
    if entry.share_type == _REFUSED and not entry.raw.get("share_condition"):
        yield where, "what is not shared must cite the law or State Council decision that says so, in share_condition (invariant 1)"
    if entry.is_open and (entry.share_type not in _OPENABLE or entry.publication != Publication.PUBLIC):
        yield where, "what is open must be PUBLIC and shared (invariant 3)"
    if entry.publication == Publication.PUBLIC and not entry.raw.get("legal_basis"):
        yield where, "what is published must name the law that orders it, in legal_basis (invariant 4)"


def _lists(fields: Fields, checks: Mapping[str, tuple[Check, ...]], codes: Codes) -> Iterator[Break]:
    for name, own in fields.items():
        named = [(f"field {field.name}", field.code) for field in own.values() if field.code]
        named += [(f"check {check.rule}", check.params["list"]) for check in checks[name] if "list" in check.params]
        yield from (
            (f"{name}/type.yaml", f"{whose} names the code list {one}, which there is not")
            for whose, one in named
            if one not in codes.lists
        )
        for check in checks[name]:
            if not codes.known(_RULES, check.rule):
                yield f"{name}/type.yaml", f"it names the check {check.rule}, which codes/{_RULES}.yaml does not have"
        for field in own.values():
            if banned := next((row for row in codes.rows(_BANNED) if row.zh in field.zh), None):
                yield (
                    f"{name}/type.yaml",
                    f"the field {field.name} is about {banned.en}, which may not be collected ({banned.more['citation']})",
                )


def _dataset(name: str, dataset: Mapping[str, Any], fields: Fields) -> Iterator[Break]:
    where = f"datasets/{name}.yaml"
    own = fields.get(dataset["record_type"])
    if own is None:
        yield where, f"there is no record type {dataset['record_type']}"
        return
    for column in dataset["columns"]:
        field = own.get(column)
        if field is None:
            yield where, f"{dataset['record_type']} has no field {column}"
        elif field.publication != Publication.PUBLIC or field.privacy == Privacy.SENSITIVE:
            yield where, f"the field {column} may not be in a dataset: it is not public, or sensitive (invariant 5)"
        elif field.privacy == Privacy.PERSONAL and not field.mask:
            yield where, f"the field {column} is personal and has no mask (invariant 5)"


def _attributes(attributes: Mapping[str, Any], entries: Mapping[str, Entry], fields: Fields) -> Iterator[Break]:
    where = "attributes.yaml"
    for name, attribute in attributes.items():
        for asserted in attribute["asserted_by"]:
            if asserted["field"] not in fields.get(asserted["record_type"], {}):
                yield where, f"{name} is asserted by {asserted['record_type']}.{asserted['field']}, which there is not"
        for code in attribute["authority"].values():
            if code not in entries:
                yield where, f"the authority of {name} is the entry {code}, which there is not"
                continue
            types = {asserted["record_type"] for asserted in attribute["asserted_by"]}
            first = [one.code for one in entries.values() if one.record_type == entries[code].record_type and _ranks_first(one)]
            if entries[code].record_type not in types or first != [code]:
                yield where, f"{name} needs one active authority of rank 1 that asserts it, found {first} (invariant 7)"


def _ranks_first(entry: Entry) -> bool:
    return entry.status == "ACTIVE" and entry.raw.get("authority_rank") == 1
