"""Findings of the whole profile: issued when a check begins to fail, answered as FIXED when it no longer does (domain 5.3).

What is open is kept with the record or the subject, so that what was issued is closed whatever made the check pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from databus.contract import wire
from databus.contract.attributes import Elected, Word
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.chunk import Output
from databus.model.event import Event
from databus.model.finding import OBSERVED, Answer, Finding, FindingStatus, Verdict
from databus.model.labels import SubjectKind
from databus.profile.charter import IDENTITY, Charter
from databus.profile.checks import CONFLICT, EQUIVOCAL, Failure
from databus.profile.dossier import Dossiers
from databus.profile.groups import At
from databus.profile.overlay import Known, Overlay
from databus.profile.registers import Register, source
from databus.profile.sheet import Sheet

FINDINGS, RULES = "findings", "dq_rule"


class Cause(NamedTuple):
    """What made a check fail or pass: an event, a tick or a release, and when it was known (milliseconds)."""

    id: str
    at: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes findings. Nothing of a person is repeated, and no value of a private field."""

    contract: Contract
    charter: Charter
    codec: Codec

    def of_record(self, at: At, known: Known, failures: Iterable[Failure], dossiers: Dossiers, cause: Cause) -> Iterator[Output]:
        """What the checks of one record now say, against what is open."""
        memo, failing = dossiers.memo(at, fresh=known.fresh), {failure.key: failure for failure in failures}
        if not memo and not failing:
            return
        torn = _torn(known.profile.values())
        for key in [key for key in sorted(memo) if key not in failing and not (key.startswith(EQUIVOCAL) and key.split("|")[1] in torn)]:
            yield self._closed(memo.pop(key), cause)
            dossiers.note(at)
        for key, failure in failing.items():
            if key not in memo:
                finding = self._finding(failure.rule, failure.event, failure, cause)
                memo[key] = _kept(finding)
                dossiers.note(at)
                yield self._output(finding)

    def keep(self, at: At, event: Event, finding: Finding, dossiers: Dossiers) -> Output:
        """A finding on equivocation: issued with the event, open until a higher seq settles it."""
        dossiers.memo(at)[f"{EQUIVOCAL}|{source(event)} {event.facet}|{event.event_id}"] = _kept(finding)
        dossiers.note(at)
        return self._output(finding)

    def of_subject(
        self, subject: str, names: Collection[str], elected: dict[str, Elected], overlay: Overlay, dossiers: Dossiers, cause: Cause
    ) -> Iterator[Output]:
        """What the named attributes now say, against what is open: both sides of a disagreement hear of it (domain 4.2)."""
        sheet = dossiers.sheet(subject)
        failing = dict(_quarrels(sheet, elected, self.charter))
        for key in [key for key in sorted(sheet.open) if key not in failing and key.partition("|")[0] in names]:
            yield self._closed(sheet.open.pop(key), cause)
        for key, (name, word) in failing.items():
            if key not in sheet.open:
                event = _said(overlay.record((subject, word.record_key)), word.source)
                if event is None:
                    continue
                field = self.charter.field(word.record_type, name)
                finding = self._finding(CONFLICT, event, Failure(CONFLICT, event, field, about=key), cause)
                sheet.open[key] = _kept(finding)
                yield self._output(finding)

    def _finding(self, rule: str, event: Event, failure: Failure, cause: Cause) -> Finding:
        codes = self.contract.codes
        hidden = event.subject_kind is not SubjectKind.ORGANISATION or (event.record_type, failure.field) in self.charter.private
        return Finding(
            finding_id=keys.derived_id("finding", event.event_id, failure.key, cause.id),
            department=event.department,
            submission_id=event.submission_id,
            event_id=event.event_id,
            record_type=event.record_type,
            catalog_code=event.catalog_code,
            record_key=event.record_key,
            rule=rule,
            verdict=self._verdict(rule),
            field=failure.field,
            observed="" if hidden else failure.observed[:OBSERVED],
            expected="" if hidden else failure.expected[:OBSERVED],
            suggestion="",
            message_zh=codes.label(RULES, rule),
            message_en=codes.label(RULES, rule, "en"),
            issued_at=cause.at,
            inbox_partition=event.inbox_partition,
            inbox_offset=event.inbox_offset,
        )

    def _verdict(self, rule: str) -> Verdict:
        return Verdict(next(row.more["verdict"] for row in self.contract.codes.rows(RULES) if row.code == rule))

    def _closed(self, kept: list[Any], cause: Cause) -> Output:
        finding_id, department, *_ = kept
        answer = Answer(finding_id, department, FindingStatus.FIXED, by="profiler", at=cause.at, event_id=cause.id)
        return Output(FINDINGS, department.encode(), wire.encode_answer(self.codec, answer))

    def _output(self, finding: Finding) -> Output:
        return Output(FINDINGS, finding.department.encode(), wire.encode_finding(self.codec, finding))


def _kept(one: Finding) -> list[Any]:
    return [one.finding_id, one.department]


def _torn(registers: Iterable[Register]) -> set[str]:
    return {f"{source(register.event)} {register.event.facet}" for register in registers if register.rivals and register.event.body}


def _said(known: Known, by: str) -> Event | None:
    content = next((one.event for at, one in known.profile.items() if at.source == by and at.facet == "content"), None)
    return content


def _quarrels(sheet: Sheet, elected: dict[str, Elected], charter: Charter) -> Iterator[tuple[str, tuple[str, Word]]]:
    """Disagreements, by department and attribute: the word it is told of. What an authority ever told is no disagreement."""
    for name, one in elected.items():
        if not one.value:
            quarrelling = list(one.others)
        elif charter.attributes[name].conflict == IDENTITY and one.chosen is not None:
            continue
        else:
            known = sheet.known(name) | {one.value}
            quarrelling = [word for word in one.others if word.value not in known]
            if quarrelling and one.chosen is not None:
                yield f"{name}|{one.chosen.source}|{one.chosen.record_type}", (name, one.chosen)
        for word in quarrelling:
            yield f"{name}|{word.source}|{word.record_type}|{word.value}", (name, word)
