"""What the catalogue may never say (domain 3.1, invariants 1 to 5 and 7; 6 is DQ-SEC-03), and that names lead somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.codes import Codes
from databus.contract.entries import Entry
from databus.contract.fields import Field, leaves_of
from databus.contract.record_types import RecordType
from databus.errors import BadContract
from databus.model.labels import Privacy, Publication

_REFUSED, _OPENABLE, _RULES, _BANNED, _SECRECY = 3, (1, 2), "dq_rule", "prohibited_item", "secrecy"


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against a contract: the file, the place in it, why in plain words, and what would help."""

    file: str
    path: str
    reason: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.file} {self.path}" if self.path else self.file
        return f"{place}: {self.reason}; {self.fix}" if self.fix else f"{place}: {self.reason}"


def broken(
    *, types: Mapping[str, RecordType], entries: Mapping[str, Entry], datasets: Any, attributes: Any, codes: Codes
) -> Iterator[Objection]:
    """Every invariant the catalogue breaks, and every name that leads nowhere."""
    parts: tuple[Callable[[], Iterator[Objection]], ...] = (
        lambda: (one for entry in entries.values() for one in _entry(entry, codes)),
        lambda: (one for record_type in types.values() for one in _names(record_type, codes)),
        lambda: (one for name, dataset in datasets.items() for one in _dataset(name, dataset, types)),
        lambda: _attributes(attributes["attributes"], entries, types),
        lambda: _weighed(attributes, entries),
    )
    for part in parts:
        try:
            yield from part()
        except (KeyError, TypeError, AttributeError) as error:
            yield Objection("datasets/ or attributes.yaml", "", f"it lacks or misstates {error}", "write it as the other files do")


def require(objections: Iterator[Objection]) -> None:
    """Nothing may be broken.

    Raises:
        BadContract: something is; the error names the file, what is wrong and what would help.
    """
    for one in objections:
        raise BadContract(str(one), file=one.file)


def _entry(entry: Entry, codes: Codes) -> Iterator[Objection]:
    file, raw = f"{entry.record_type}/type.yaml", entry.raw
    if entry.share_type == _REFUSED and not raw.get("share_condition"):
        fix = "cite in share_condition the law or State Council decision that says so"
        yield Objection(file, entry.code, "it is not shared, and nothing says why (invariant 1)", fix)
    if any(row.code == raw.get("secrecy") and row.more.get("refused") for row in codes.rows(_SECRECY)):
        fix = "state secrets have a catalogue of their own, elsewhere: take the entry out"
        yield Objection(file, entry.code, f"{raw['secrecy']} may not be in this catalogue at all (invariant 2)", fix)
    if entry.is_open and (entry.share_type not in _OPENABLE or entry.publication != Publication.PUBLIC):
        fix = "set is_open to false, or publication to PUBLIC and share_type to 1 or 2"
        yield Objection(file, entry.code, "what is open must be PUBLIC and shared (invariant 3)", fix)
    if entry.publication == Publication.PUBLIC and not raw.get("legal_basis"):
        fix = "name the law that orders publication in legal_basis"
        yield Objection(file, entry.code, "it is published without a law that orders it (invariant 4)", fix)


def _names(record_type: RecordType, codes: Codes) -> Iterator[Objection]:
    file, leaves = f"{record_type.name}/type.yaml", record_type.leaves
    checks = [*record_type.checks, *(check for entry in record_type.entries for check in entry.dq_profile)]
    named = [(path, field.code) for path, field in leaves.items() if field.code]
    named += [(f"check {check.rule}", check.params["list"]) for check in checks if "list" in check.params]
    for whose, listed in named:
        if listed not in codes.lists:
            yield Objection(
                file, whose, f"it names the code list {listed}, which there is not", "add the list under codes/, or name another"
            )
    for check in checks:
        if not codes.known(_RULES, check.rule):
            yield Objection(file, f"check {check.rule}", f"codes/{_RULES}.yaml has no such rule", "name one it has")
    for path, field in {**leaves, **record_type.fields}.items():
        if banned := next((row for row in codes.rows(_BANNED) if row.zh in field.zh), None):
            reason = f"it is about {banned.en}, which may not be collected ({banned.more['citation']})"
            yield Objection(file, path, reason, "leave the field out")


def _dataset(name: str, dataset: Mapping[str, Any], types: Mapping[str, RecordType]) -> Iterator[Objection]:
    file, record_type = f"datasets/{name}.yaml", types.get(dataset["record_type"])
    if record_type is None:
        yield Objection(file, "record_type", f"there is no record type {dataset['record_type']}", "name one that there is")
        return
    for column in dataset["columns"]:
        field = record_type.fields.get(column)
        if field is None:
            yield Objection(file, column, f"{record_type.name} has no field {column}", "name one it has")
            continue
        yield from _column(file, column, field)


def _column(file: str, column: str, field: Field) -> Iterator[Objection]:
    if field.publication != Publication.PUBLIC or field.privacy == Privacy.SENSITIVE:
        yield Objection(file, column, "the field is not public, or sensitive (invariant 5)", "leave the column out")
    for path, leaf in leaves_of({column: field}).items():
        # A part that is not public is withheld from the column; one that is must stand on its own.
        open_to_all = leaf.publication == Publication.PUBLIC
        if open_to_all and (leaf.privacy == Privacy.SENSITIVE or (leaf.privacy == Privacy.PERSONAL and not leaf.mask)):
            yield Objection(
                file, path, "the field is personal and has no mask (invariant 5)", "give it a mask in the schema, or leave it out"
            )


def _attributes(attributes: Mapping[str, Any], entries: Mapping[str, Entry], types: Mapping[str, RecordType]) -> Iterator[Objection]:
    file = "attributes.yaml"
    for name, attribute in attributes.items():
        for by in attribute["asserted_by"]:
            if by["record_type"] not in types or by["field"] not in types[by["record_type"]].fields:
                reason = f"it is asserted by {by['record_type']}.{by['field']}, which there is not"
                yield Objection(file, name, reason, "name a field that there is")
        authorities = set(attribute["authority"].values())
        asserting = {by["record_type"] for by in attribute["asserted_by"]}
        for code in sorted(authorities):
            yield from (Objection(file, name, *told) for told in _authority(code, entries, authorities, asserting))


def _weighed(raw: Mapping[str, Any], entries: Mapping[str, Entry]) -> Iterator[Objection]:
    """The profile weighs records of one type as an authority's: all that such a record says counts as its word, and ends the subject."""
    weighed = raw["checks"]["DQ-CONS-03"]["ended"]["record_type"]
    for name, attribute in raw["attributes"].items():
        for code in sorted(set(attribute["authority"].values()) & entries.keys()):
            if (told := entries[code].record_type) != weighed:
                reason = f"its authority {code} is of {told}: whatever else {told} asserts, as a name, would count as an authority's word"
                fix = f"leave it out: what one department alone publishes has one source already; only {weighed} is weighed"
                yield Objection("attributes.yaml", name, reason, fix)


def _authority(code: str, entries: Mapping[str, Entry], authorities: set[str], asserting: set[str]) -> Iterator[tuple[str, str]]:
    entry = entries.get(code)
    if entry is None:
        yield f"its authority is the entry {code}, which there is not", "name an entry that there is"
        return
    if entry.record_type not in asserting or not _ranks_first(entry):
        yield (
            f"its authority {code} is not active, not of rank 1 or does not assert it (invariant 7)",
            "name the one entry of rank 1 that asserts it",
        )
    own = (one for one in entries.values() if one.record_type == entry.record_type and _ranks_first(one))
    if more := sorted({one.code for one in own} - authorities):
        yield (
            f"{more[0]} ranks first beside its authority {code}: one datum has one source (invariant 7)",
            f"give {more[0]} another authority_rank",
        )


def _ranks_first(entry: Entry) -> bool:
    return entry.status == "ACTIVE" and entry.raw.get("authority_rank") == 1
