"""May this department say this, of this subject, under this entry? (DQ-SRC, DQ-CAT, DQ-SCOPE, DQ-KEY; domain 2.1, 5.1)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check
from databus.contract.identifiers import check_uscc, upgrade_citizen_id
from databus.model.labels import SubjectKind
from databus.quality.completeness import blank_of
from databus.quality.content import ENVELOPE, NOTHING, Content, Failure, Question, condition, reading


def right_department(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-SRC-01: the inbox is that of a department in office, and the entry is that department's."""

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        department = contract.departments.get(content.department)
        first, last = (department.valid_from, department.valid_to) if department else (None, None)
        day = content.received
        if department is None or (first is not None and day < first) or (last is not None and last < day):
            return (Failure(check.rule, "", content.department, expected="a department in office"),)
        if content.entry is not None and content.entry.department != content.department:
            return (Failure(check.rule, check.field, content.entry.department, expected=content.department),)
        return NOTHING

    return Question(ask)


def owned_type(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-SRC-02: the type is one this department publishes on the day it is received."""

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        if record_type.owned_by(content.department, content.received):
            return NOTHING
        owners = sorted({owner.department for owner in record_type.owners if owner.active(content.received)})
        return (Failure(check.rule, "", content.department, expected=" | ".join(owners)),)

    return Question(ask)


def entry_in_force(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-CAT-01: the catalogue entry is one of this type and in force on the day the fact is judged by, and on that of its decision
    where the payload tells it: an envelope that leaves it out, or says another, opens no entry."""
    told_in, blank = record_type.decided_in, blank_of(contract)

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        entry, day = content.entry, content.day
        if entry is not None and entry.record_type == record_type.name and entry.active(day):
            decided = content.payload.get(told_in) if content.carries_content else None
            if decided is None or decided == day or blank(decided) or entry.active(decided):
                return NOTHING
            day = decided
        own = [known.code for known in record_type.entries if known.department == content.department and known.active(day)]
        expected = f"an entry of {record_type.name} in force on {day.isoformat()}"
        told = content.envelope["catalog_code"]
        return (Failure(check.rule, check.field, told, expected=expected, suggestion=own[0] if own else ""),)

    return Question(ask)


def listed_items(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-CAT-02: where the entry lists its items, nothing else is sent."""

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        items = content.entry.raw.get("items") if content.entry is not None else None
        if not items:
            return NOTHING
        told = [(name, value) for name, value in content.payload.items() if value is not None and name not in items]
        return [Failure(check.rule, name, value, expected=" | ".join(items)) for name, value in told]

    return Question(ask)


def in_scope(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-SCOPE-01: not one of the facts that may not be collected (`unless` names them). A field filled with a word that says nothing,
    such as 暂无, counts as absent: that it is missing is another rule's to tell."""
    applies, excluded, read, blank = condition(check), check.params["unless"], reading(check.field), blank_of(contract)

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        if not excluded(content.facts) or not applies(content.facts):
            return NOTHING
        told = read(content)
        if told is not None and blank(told) and not excluded(_without(content.facts, check.field)):
            return NOTHING
        return (Failure(check.rule, check.field, told or "", expected="out of the scope of collection"),)

    return Question(ask)


def _without(facts: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return {**facts, "payload": {name: value for name, value in facts["payload"].items() if name != field}}


def one_subject(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-KEY-01: codes of the subject are the same in the payload (`copies`) and in the reference the key is made of; and what the
    payload says of an organisation, by its unified code, is not put under a person's key."""
    unified = check.params["copies"].get("uscc", "")
    pairs = [(field, f"{ENVELOPE}subject.{part}") for part, field in check.params["copies"].items()]
    reads = [(field, place, reading(field), reading(place)) for field, place in pairs]

    def ask(content: Content, _: Any) -> Iterable[Failure]:
        found = []
        for field, place, in_payload, referred in reads:
            one, other = in_payload(content), referred(content)
            if one and other and not _same(one, other):
                found.append(Failure(check.rule, field, one, expected=place))
        if content.envelope["subject"]["kind"] == SubjectKind.PERSON and unified:
            code = content.value(unified)
            if code and check_uscc(code) is None:
                found.append(Failure(check.rule, unified, code, expected=f"{ENVELOPE}subject.uscc"))
        return found

    return Question(ask)


def _same(one: str, other: str) -> bool:
    """The old form of a person's number and its new one are the same."""
    return one == other or upgrade_citizen_id(one) == upgrade_citizen_id(other)
