"""The table: which rule of domain 5.1 and design 7 is which function, and which of them a type's submissions are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check
from databus.contract.fields import STEP
from databus.contract.predicates import predicate
from databus.errors import BadContract
from databus.quality import accuracy, codemaps, completeness, form, plausibility, scope, security, timeliness
from databus.quality.content import ENVELOPE, Ask, Content, Failure, Question, Reading, Rule, reading
from databus.quality.normalise import Spelling, spellings

RULES: Mapping[str, Rule] = {
    "DQ-SCOPE-01": scope.in_scope,
    "DQ-SEC-02": security.no_personal_numbers,
    "DQ-COM-01": completeness.mandatory,
    "DQ-COM-02": completeness.some_code,
    "DQ-ACC-01": accuracy.uscc,
    "DQ-ACC-02": accuracy.organisation_code,
    "DQ-ACC-03": accuracy.characters,
    "DQ-ACC-04": accuracy.citizen_id,
    "DQ-ACC-05": accuracy.registration_number,
    "DQ-ACC-06": accuracy.listed,
    "DQ-ACC-07": accuracy.division,
    "DQ-ACC-08": plausibility.document_number,
    "DQ-ACC-09": plausibility.amount,
    "DQ-ACC-10": plausibility.date_order,
    "DQ-TIM-01": timeliness.in_time,
    "DQ-MAP-01": codemaps.contradicted,
    "DQ-MAP-02": codemaps.confirmed,
}
"""What a type.yaml may ask for."""

_CITIZEN_ID = {"field": "envelope.subject.id_type", "in": ["RIC", "HMT_RESIDENCE"]}
ALWAYS: tuple[tuple[Rule, Check], ...] = (
    (form.bounded, Check("DQ-FMT-04", "", {})),
    (form.known_words, Check("DQ-ACC-06", "", {})),
    (scope.right_department, Check("DQ-SRC-01", "envelope.catalog_code", {})),
    (scope.owned_type, Check("DQ-SRC-02", "", {})),
    (scope.entry_in_force, Check("DQ-CAT-01", "envelope.catalog_code", {})),
    (scope.listed_items, Check("DQ-CAT-02", "", {})),
    (security.not_wider, Check("DQ-SEC-03", "envelope.publication_class", {})),
    (security.no_citizen_id, Check("DQ-SEC-02", "", {})),
    (completeness.mandatory, Check("DQ-COM-01", "", {})),
    (accuracy.characters, Check("DQ-ACC-03", "envelope.subject.uscc", {"form": "uscc"})),
    (accuracy.uscc, Check("DQ-ACC-01", "envelope.subject.uscc", {})),
    (accuracy.listed, Check("DQ-ACC-06", "envelope.subject.id_type", {"list": "id_type"})),
    (accuracy.citizen_id, Check("DQ-ACC-04", "envelope.subject.id_number", {"when": _CITIZEN_ID})),
    (accuracy.listed, Check("DQ-ACC-06", "envelope.severity", {"list": "severity"})),
    (timeliness.passed_on, Check("DQ-TIM-03", "", {})),
    (plausibility.date_order, Check("DQ-ACC-10", "envelope.decided_at", {"not_future": True})),
    (plausibility.date_order, Check("DQ-ACC-10", "envelope.valid_from", {"not_after": "envelope.valid_to"})),
)
"""What every submission is asked, whatever its type: its form, its scope and its envelope."""

LIST, BATCH = "dq_rule", "batch"
_CODES = frozenset({"uscc", "reg_no", "org_code", "tax_no", "id_type", "id_number"})
_CONDITIONS = ("when", "unless", "required_when")


@dataclass(frozen=True, slots=True)
class Questions:
    """What one type's submissions are asked, made ready once: of which values, of which parts of the records in which fields, and
    as a whole. `copies` are the fields that name the subject once more."""

    record_type: RecordType
    payload: tuple[tuple[str, tuple[Ask, ...]], ...]
    parts: Mapping[str, tuple[tuple[Reading, tuple[Ask, ...]], ...]]
    envelope: tuple[tuple[Reading, tuple[Ask, ...]], ...]
    whole: tuple[Ask, ...]
    spellings: Mapping[str, Spelling]
    copies: Mapping[str, str]


def questions(record_type: RecordType, contract: Contract, profile: tuple[Check, ...] = ()) -> Questions:
    """The checks of a type, those in the `profile` of an entry standing in for the type's with the same rule and field.

    Its own come first, so that a finding names its field rather than the envelope's copy.

    Raises:
        BadContract: the type or the profile asks for a rule that is not a check of single submissions.
    """
    asked = _asked(record_type, contract, profile)
    own = [(_rule(check, record_type), check) for check in asked]
    codes = {part: field for part, field in copies_of(record_type).items() if part != "id_type"}
    one = [(scope.one_subject, Check("DQ-KEY-01", "", {"copies": codes}))]
    always = [(rule, _told_apart(check, record_type)) for rule, check in ALWAYS]
    made = [rule(_compiled(_inside(check, asked), record_type), record_type, contract) for rule, check in (*own, *one, *always)]
    return Questions(
        record_type,
        payload=tuple((name, asks) for name in record_type.fields if (asks := tuple(one.ask for one in made if one.field == name))),
        parts={
            holder: within
            for holder, field in record_type.fields.items()
            if field.parts and (within := _read_once(one for one in made if one.field.partition(STEP)[0] == holder))
        },
        envelope=_read_once(one for one in made if one.field.startswith(ENVELOPE)),
        whole=tuple(one.ask for one in made if not one.field),
        spellings=spellings(record_type),
        copies=copies_of(record_type),
    )


def _read_once(made: Iterable[Question]) -> tuple[tuple[Reading, tuple[Ask, ...]], ...]:
    """Neighbours about one field are asked of one reading."""
    return tuple((reading(field), tuple(one.ask for one in same)) for field, same in groupby(made, key=attrgetter("field")))


def _asked(record_type: RecordType, contract: Contract, profile: tuple[Check, ...]) -> list[Check]:
    level = {row.code: row.more["level"] for row in contract.codes.rows(LIST)}
    told = {(check.rule, check.field) for check in profile}
    checks = [*(check for check in record_type.checks if (check.rule, check.field) not in told), *profile]
    return [check for check in checks if level.get(check.rule) != BATCH and not check.params.get("off")]


def _rule(check: Check, record_type: RecordType) -> Rule:
    if check.rule not in RULES:
        raise BadContract(f"{record_type.name}/type.yaml asks for {check.rule}, which no check of one submission answers", rule=check.rule)
    return RULES[check.rule]


def copies_of(record_type: RecordType) -> Mapping[str, str]:
    """The fields in which a payload names its subject once more, by the part of the reference they copy (type.yaml, `row`)."""
    told = record_type.row.get("subject", {})
    named = ((part, source["from"]) for part, source in told.items() if isinstance(source, dict) and "from" in source)
    return {part: field for part, field in named if field in record_type.fields and part in _CODES}


def _told_apart(check: Check, record_type: RecordType) -> Check:
    """An envelope's check that need not look again where the payload's copy of the field has the same value."""
    name = check.field.rpartition(".")[2]
    name = copies_of(record_type).get(name, name)
    looked = any(own.rule == check.rule and own.field == name for own in record_type.checks)
    return replace(check, params={**check.params, "copy_of": name}) if looked and "." in check.field else check


def _inside(check: Check, asked: list[Check]) -> Check:
    """An organisation code is looked for inside a field that holds a USCC, however long what stands there is."""
    holds = check.rule == "DQ-ACC-02" and any((one.rule, one.field) == ("DQ-ACC-01", check.field) for one in asked)
    return replace(check, params={"form": "embedded_org_code", **check.params}) if holds else check


def _compiled(check: Check, record_type: RecordType) -> Check:
    where = f"{record_type.name}/type.yaml {check.rule}"
    ready = {name: predicate(check.params[name], where) for name in _CONDITIONS if name in check.params}
    return replace(check, params={**check.params, **ready}) if ready else check


def failures(questions: Questions, content: Content) -> list[Failure]:
    """Every failed check of one submission: at most one per rule and field, the envelope's copy of a field left out."""
    found: list[Failure] = []
    payload = content.payload
    for name, asks in questions.payload:
        value = payload.get(name)
        if value is not None and value != "":
            for ask in asks:
                found += ask(content, value)
    for holder, within in questions.parts.items():
        for record in content.each(holder):
            found += _answers(within, record)
    found += _answers(questions.envelope, content)
    for ask in questions.whole:
        found += ask(content, None)
    if not found:
        return found
    first: dict[tuple[str, str], Failure] = {}
    for failure in found:
        first.setdefault((failure.rule, _place(failure.field, questions)), failure)
    return list(first.values())


def _answers(asked: Iterable[tuple[Reading, tuple[Ask, ...]]], content: Content) -> list[Failure]:
    found: list[Failure] = []
    for read, asks in asked:
        value = read(content)
        if value is not None and value != "":
            for ask in asks:
                found += ask(content, value)
    return found


def _place(field: str, questions: Questions) -> str:
    part = field.removeprefix(f"{ENVELOPE}subject.")
    return field.removeprefix(ENVELOPE) if part == field else questions.copies.get(part, part)
