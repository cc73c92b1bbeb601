"""Which older codes are this subject's: the mapping tests of domain 1.8.

A name never takes part (test 8). That one older code is claimed for two unified codes (test 7) is seen where all that is
said of it meets: in its profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from databus.contract import identifiers
from databus.contract.catalogue import Contract, RecordType
from databus.contract.codemaps import CodeMap, OldCode
from databus.contract.entries import Check
from databus.errors import BadContract
from databus.model.event import Op
from databus.quality.content import ENVELOPE, Content, Failure, Question

AUTO_VERIFIED, SOURCE_VERIFIED, PENDING, CONFLICT = "AUTO_VERIFIED", "SOURCE_VERIFIED", "PENDING", "CONFLICT"
_OPERATIONS = (Op.LINK.value, Op.ANNOTATE.value, Op.DELETE.value)


def contradicted(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-MAP-01: no older code contradicts the unified one; the department that gave it out hears of it as well. DQ-ACC-06 where it
    is no link at all."""
    maps = map_of(record_type)

    def ask(content: Content, _: Any) -> Iterator[Failure]:
        if content.op not in _OPERATIONS:
            yield Failure("DQ-ACC-06", ENVELOPE + "op", content.op, expected=" | ".join(_OPERATIONS), suggestion=Op.LINK.value)
        for old, code, status in _judged(content, maps):
            if status == CONFLICT and old.proof is not None:
                unified = maps.stands(content.payload)
                yield Failure(check.rule, old.field, code, expected=f"…{unified[old.proof.of]} of {unified}", also=old.keeper)

    return Question(ask)


def confirmed(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-MAP-02: what the codes do not prove, the registering authority says. DQ-COM-02 where no older code is named."""
    maps = map_of(record_type)

    def ask(content: Content, _: Any) -> Iterator[Failure]:
        if not maps.told(content.payload):
            yield Failure("DQ-COM-02", maps.old[0].field, "", expected=" | ".join(old.field for old in maps.old))
        registrar = maps.registrar.get(maps.stands(content.payload)[:1], "")
        for old, code, status in _judged(content, maps):
            if status == PENDING:
                yield Failure(check.rule, old.field, code, expected=f"published by {registrar or 'the registering authority'}")

    return Question(ask)


def map_of(record_type: RecordType) -> CodeMap:
    """The map behind a type.

    Raises:
        BadContract: it is none; only types with a map are asked these rules.
    """
    if record_type.maps is None:
        raise BadContract(f"{record_type.name} maps no codes, so it cannot ask for the tests of a map", name=record_type.name)
    return record_type.maps


def _judged(content: Content, maps: CodeMap) -> Iterator[tuple[OldCode, str, str]]:
    # Taking a map back needs no proof, and a wrong unified code proves nothing (test 1 is DQ-ACC-01).
    unified = maps.stands(content.payload)
    if content.links and identifiers.check_uscc(unified) is None:
        for old, code in maps.told(content.payload):
            problem = identifiers.CHECKS[old.form](code) if old.form else None
            # What a code of its kind cannot have in it is DQ-ACC-03.
            if problem is None or problem.rule != identifiers.ILLEGAL:
                yield old, code, verdict(maps, old, code, unified, content.department)


def verdict(maps: CodeMap, old: OldCode, code: str, unified: str, department: str) -> str:
    """What the tests say of one older code: a status of the list `map_status`."""
    if old.proof is not None and old.proof.applies(unified):
        return AUTO_VERIFIED if old.proof.holds(code, unified) else CONFLICT
    well_formed = not old.form or identifiers.CHECKS[old.form](code) is None
    return SOURCE_VERIFIED if well_formed and maps.registrar.get(unified[:1]) == department else PENDING
