"""Who would see what of a record that is not there yet: policy is asked for each kind of reader, as if it asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from databus.contract.catalogue import Contract
from databus.model.disclosure import ANONYMOUS, Caller, ClassPlan, Permit, Question, Role
from databus.model.labels import LabelClass
from databus.policy.redaction import fit
from databus.ports import Decider

_NOBODY = "somebody-else"


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of reader (domain 3.5): its column of the table, and how it would ask."""

    name: str
    caller: Caller
    purpose: str = ""
    relation: str = "none"
    kind: str = ""
    terms: tuple[str, ...] = ()


def readers(department: str) -> tuple[Reader, ...]:
    """Every kind of reader of what this department publishes; permits cover all, for as long as it takes."""
    agency, other = Caller(_NOBODY, Role.AGENCY, _NOBODY), Caller(_NOBODY, Role.DEPARTMENT, _NOBODY)
    return (
        Reader("public", ANONYMOUS),
        Reader("subject", ANONYMOUS, relation="self"),
        Reader("agency", agency, "P12"),
        Reader("agency_with_consent", agency, "P12", "permit", "CONSENT", ("written",)),
        Reader("department", other, "P01"),
        Reader("department_with_grant", other, "P01", "permit", "GRANT", ("confidentiality",)),
        Reader("owner", Caller(department, Role.DEPARTMENT, department), "P01", "owner"),
        Reader("steward", Caller(_NOBODY, Role.STEWARD)),
        Reader("officer", Caller(_NOBODY, Role.OFFICER)),
    )


async def foreseen(
    classes: Sequence[LabelClass], asking: Iterable[Reader], *, decider: Decider, contract: Contract, day: date
) -> Mapping[str, Mapping[int, ClassPlan]]:
    """Per reader what policy would let it see of each class.

    Raises:
        PolicyUnavailable: OPA does not answer.
    """
    known = tuple(asking)
    answers = await asyncio.gather(*[decider.decide(_question(reader, tuple(classes), day)) for reader in known])
    fields = {label.class_id: contract.types[label.record_type].leaves for label in classes}
    return {
        reader.name: {class_id: fit(verdict, fields[class_id]) for class_id, verdict in verdicts.items()}
        for reader, (_, verdicts) in zip(known, answers, strict=True)
    }


def _question(reader: Reader, classes: tuple[LabelClass, ...], day: date) -> Question:
    return Question(reader.caller, reader.purpose, reader.relation, _permit(reader, day) if reader.kind else None, day, classes)


def _permit(reader: Reader, day: date) -> Permit:
    return Permit(
        permit_id="foresight",
        version=1,
        kind=reader.kind,
        grantee=reader.caller.organisation,
        subjects=(),
        record_types=(),
        items=(),
        purposes=(reader.purpose,),
        terms=reader.terms,
        legal_basis="",
        valid_from=day,
        valid_to=day + timedelta(days=1),
    )
