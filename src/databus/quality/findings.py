"""Failed checks as a department reads them: rule, field, what stood there, what would pass (domain 5.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from databus.contract.catalogue import Contract
from databus.contract.codes import Code
from databus.model.finding import Finding, Verdict
from databus.model.keys import derived_id
from databus.quality.content import ENVELOPE, Content, Failure
from databus.quality.masking import is_personal, observed, without_numbers
from databus.quality.security import first
from databus.quality.submission import SUBMISSION_ID, Submission, uuid_or_nothing

RULES = "dq_rule"
_STOPPING = (Verdict.REJECT, Verdict.HOLD)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a submission when it is judged: nothing of an unreadable one."""

    submission_id: str = ""
    record_type: str = ""
    catalog_code: str = ""
    record_key: str = ""
    content: Content | None = None

    @property
    def citizen_free(self) -> bool:
        """True if the key of the record holds no citizen id: some department numbers its documents by them."""
        return not first("citizen_id", self.record_key)


def verdict_of(rule: str, contract: Contract) -> Verdict:
    """The verdict the list `dq_rule` gives a rule; a rule it does not know rejects."""
    row = _told_of(rule, contract)
    return Verdict(row.more["verdict"]) if row is not None else Verdict.REJECT


def remedy(rule: str, contract: Contract) -> str:
    """What to do about a rule in general, in both languages; empty where the list `dq_rule` says nothing."""
    return " · ".join(filter(None, (remedy_in(language, rule, contract) for language in ("zh", "en"))))


def remedy_in(language: str, rule: str, contract: Contract) -> str:
    """The same in one language, `zh` or `en`."""
    row = _told_of(rule, contract)
    return str(row.more.get(f"fix_{language}", "")) if row is not None else ""


def better(rule: str, suggestion: str, language: str, contract: Contract) -> str:
    """What a finding suggests, in one language where it is the general remedy of its rule."""
    return remedy_in(language, rule, contract) if suggestion == remedy(rule, contract) else suggestion


def _told_of(rule: str, contract: Contract) -> Code | None:
    return next(iter(contract.codes.lists[RULES].of(rule)), None)


def stops(findings: Iterable[Finding]) -> bool:
    """True if one of them keeps the submission out of `events`."""
    return any(finding.verdict in _STOPPING for finding in findings)


def finding(submission: Submission, known: Known, failure: Failure, contract: Contract) -> Finding:
    """One failed check of one submission; the same failure of the same submission has the same id for ever."""
    hidden = is_personal(failure.observed, failure.field, known.content)
    zh, en = _labels(failure, known.content)
    return Finding(
        finding_id=derived_id("finding", submission.event_id, failure.rule, failure.field),
        department=submission.department,
        submission_id=known.submission_id or uuid_or_nothing(submission.header(SUBMISSION_ID)),
        event_id=submission.event_id,
        record_type=known.record_type,
        catalog_code=known.catalog_code,
        record_key=known.record_key if known.citizen_free else "",
        rule=failure.rule,
        verdict=verdict_of(failure.rule, contract),
        field=failure.field,
        observed=observed(failure.observed, failure.field, known.content),
        expected=without_numbers(failure.expected) if hidden else failure.expected,
        suggestion=("" if hidden else failure.suggestion) or remedy(failure.rule, contract),
        message_zh=zh + contract.codes.label(RULES, failure.rule),
        message_en=en + contract.codes.label(RULES, failure.rule, "en"),
        issued_at=submission.known_at,
        inbox_partition=submission.place.partition,
        inbox_offset=submission.place.offset,
        row=submission.row,
        fixes=next(iter(submission.fixes), ""),
    )


def told_too(failure: Failure, one: Finding) -> Finding:
    """The same finding to the second department that must hear of it."""
    return replace(one, finding_id=derived_id("finding", one.event_id, failure.rule, failure.field, failure.also), department=failure.also)


def _labels(failure: Failure, content: Content | None) -> tuple[str, str]:
    field = content.record_type.leaves.get(failure.field) if content is not None else None
    if field is not None:
        return f"{field.zh}：", f"{field.en}: "
    name = failure.field.removeprefix(ENVELOPE)
    return (f"{name}：", f"{name}: ") if name else ("", "")
