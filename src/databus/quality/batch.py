"""The checks that take all that came of an entry (domain 5.1): pure functions of what was counted, asked once a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from databus.contract.catalogue import Contract
from databus.contract.entries import Check, Entry
from databus.model.finding import Answer, Finding, FindingStatus, Verdict
from databus.model.keys import derived_id
from databus.quality.findings import RULES, remedy
from databus.store.closing import BY
from databus.store.measures import BATCH_OFFSET, Copy, Delivered, Filled, Measures, OpenLapse, Run

FILLED, GAPS, SILENT, UNENDED = "DQ-COM-03", "DQ-COM-04", "DQ-TIM-02", "DQ-TIM-03"
DAILY = (FILLED, GAPS, SILENT, UNENDED)


@dataclass(frozen=True, slots=True)
class Lapse:
    """A failed check of an entry, or of one of its records."""

    rule: str
    catalog_code: str
    field: str = ""
    record_key: str = ""
    submission_id: str = ""
    observed: str = ""
    expected: str = ""


def targets(entry: Entry, contract: Contract) -> list[Check]:
    """The fields an entry wants filled though they are not required, each with its share as `target`."""
    own = {check.field for check in entry.dq_profile if check.rule == FILLED}
    checks = [*(one for one in contract.types[entry.record_type].checks if one.field not in own), *entry.dq_profile]
    return [check for check in checks if check.rule == FILLED and not check.params.get("off")]


def unfilled(counted: Filled, check: Check, contract: Contract) -> Iterator[Lapse]:
    """DQ-COM-03: the field is filled as often as the entry asks; too few records say nothing."""
    target = float(check.params["target"])
    if counted.records >= contract.feedback.filled_records and counted.filled < target * counted.records:
        share = f"{counted.filled} / {counted.records} ({counted.filled / counted.records:.1%})"
        yield Lapse(FILLED, counted.catalog_code, counted.field, observed=share, expected=f"≥ {target:.0%}")


def gaps(found: Run, contract: Contract) -> Iterator[Lapse]:
    """DQ-COM-04: where a type is dense, no number is missing but those of refused submissions."""
    left = found.absent - found.refused
    if left > 0 and contract.types[contract.entries[found.catalog_code].record_type].dense:
        shown = ", ".join(map(str, found.missing)) + (" …" if found.absent > len(found.missing) else "")
        yield Lapse(GAPS, found.catalog_code, "envelope.source_seq", found.record_key, found.submission_id, shown, f"no gaps ({left})")


def silent(found: Delivered, today: date, contract: Contract) -> Iterator[Lapse]:
    """DQ-TIM-02: something came within the time that the entry's update cycle leaves; only entries in force are asked."""
    entry = contract.entries[found.catalog_code]
    span = contract.feedback.silence.get(entry.update_cycle)
    if span is None or not entry.active(today):
        return
    deadline = span.after(found.last, contract.calendar)
    if today > deadline:
        yield Lapse(SILENT, found.catalog_code, observed=found.last.isoformat(), expected=f"a delivery by {deadline.isoformat()}")


def standing(found: Copy, today: date, contract: Contract) -> Iterator[Lapse]:
    """DQ-TIM-03: a copy is withdrawn within the working days the law allows after the deciding source ended the record."""
    deadline = contract.feedback.withdrawn_within.after(found.ended, contract.calendar)
    if today > deadline:
        yield Lapse(
            UNENDED,
            found.catalog_code,
            "envelope.op",
            found.record_key,
            found.submission_id,
            observed=found.ended.isoformat(),
            expected=f"withdrawn by {deadline.isoformat()}",
        )


def lapses(contract: Contract, today: date, measures: Measures) -> Iterator[Lapse]:
    """Everything that fails today."""
    asked = wanted(contract)
    for filled in measures.filled:
        yield from unfilled(filled, asked[filled.catalog_code, filled.field], contract)
    for run in measures.runs:
        yield from gaps(run, contract)
    for delivered in measures.delivered:
        yield from silent(delivered, today, contract)
    for copy in measures.copies:
        yield from standing(copy, today, contract)


def wanted(contract: Contract) -> dict[tuple[str, str], Check]:
    """What is asked of the fields of entries that need not be filled: entry and field → check."""
    return {(entry.code, check.field): check for entry in contract.entries.values() for check in targets(entry, contract)}


def told(failing: Iterable[Lapse], standing: Iterable[OpenLapse], contract: Contract, *, today: date, at: int) -> list[Finding | Answer]:
    """What is to be said: findings for what fails and has not been told, answers for what no longer fails."""
    known = {(one.rule, one.catalog_code, one.field, one.record_key): one for one in standing}
    now = {(one.rule, one.catalog_code, one.field, one.record_key): one for one in failing}
    mended = [one for key, one in known.items() if key not in now]
    said: list[Finding | Answer] = [Answer(one.finding_id, one.department, FindingStatus.FIXED, by=BY, at=at) for one in mended]
    return said + [_finding(one, contract, today=today, at=at) for key, one in now.items() if key not in known]


def _finding(one: Lapse, contract: Contract, *, today: date, at: int) -> Finding:
    entry, codes = contract.entries[one.catalog_code], contract.codes
    field = contract.types[entry.record_type].fields.get(one.field)
    zh, en = (f"{field.zh}：", f"{field.en}: ") if field is not None else ("", "")
    name = derived_id("batch", one.rule, one.catalog_code, one.field, one.record_key, today.isoformat())
    return Finding(
        finding_id=name,
        department=entry.department,
        submission_id=one.submission_id,
        event_id=name,
        record_type=entry.record_type,
        catalog_code=entry.code,
        record_key=one.record_key,
        rule=one.rule,
        verdict=Verdict.WARN,
        field=one.field,
        observed=one.observed,
        expected=one.expected,
        suggestion=remedy(one.rule, contract),
        message_zh=zh + codes.label(RULES, one.rule),
        message_en=en + codes.label(RULES, one.rule, "en"),
        issued_at=at,
        inbox_partition=0,
        inbox_offset=BATCH_OFFSET,
    )
