"""May this department say this, of this subject, under this entry? (DQ-SRC, DQ-CAT, DQ-SCOPE, DQ-KEY; domain 2.1, 5.1)"""

from __future__ import annotations

from collections.abc import Iterator

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.contract.identifiers import upgrade_citizen_id
from databus.quality.content import ENVELOPE, Content, Failure, applies


def right_department(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-SRC-01: the inbox is that of a department in office, and the entry is that department's."""
    department = contract.departments.get(content.department)
    first, last = (department.valid_from, department.valid_to) if department else (None, None)
    day = content.received
    if department is None or (first is not None and day < first) or (last is not None and last < day):
        yield Failure(check.rule, "", content.department, expected="a department in office")
    elif content.entry is not None and content.entry.department != content.department:
        yield Failure(check.rule, check.field, content.entry.department, expected=content.department)


def owned_type(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-SRC-02: the type is one this department publishes on the day it is received."""
    if not content.record_type.owned_by(content.department, content.received):
        owners = sorted({owner.department for owner in content.record_type.owners if owner.active(content.received)})
        yield Failure(check.rule, "", content.department, expected=" | ".join(owners))


def entry_in_force(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-CAT-01: the catalogue entry is one of this type and in force on the day the fact is judged by."""
    entry = content.entry
    if entry is not None and entry.record_type == content.record_type.name and entry.active(content.day):
        return
    own = [known.code for known in content.record_type.entries if known.department == content.department and known.active(content.day)]
    expected = f"an entry of {content.record_type.name} in force on {content.day.isoformat()}"
    yield Failure(check.rule, check.field, content.text(check.field), expected=expected, suggestion=own[0] if own else "")


def listed_items(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-CAT-02: where the entry lists its items, nothing else is sent."""
    items = content.entry.raw.get("items") if content.entry is not None else None
    if items:
        yield from (
            Failure(check.rule, name, value, expected=" | ".join(items))
            for name, value in content.payload.items()
            if value is not None and name not in items
        )


def in_scope(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-SCOPE-01: not one of the facts that may not be collected (`unless` names them)."""
    if applies(content, check) and check.params["unless"](content.facts):
        yield Failure(check.rule, check.field, content.value(check.field) or "", expected="out of the scope of collection")


def one_subject(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-KEY-01: codes of the subject are the same in the payload (`copies`) and in the reference the key is made of."""
    for part, field in check.params["copies"].items():
        told, referred = content.text(field), content.text(f"{ENVELOPE}subject.{part}")
        if told and referred and upgrade_citizen_id(told) != upgrade_citizen_id(referred):
            yield Failure(check.rule, field, told, expected=f"{ENVELOPE}subject.{part}")
