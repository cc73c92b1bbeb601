"""A finding as the department API and the command line show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from databus.contract.calendar import SHANGHAI
from databus.contract.catalogue import Contract
from databus.model.finding import Answer, Tracked
from databus.quality.findings import RULES, remedy_in


def shown(tracked: Tracked, contract: Contract) -> dict[str, Any]:
    """The finding as JSON; days and instants as ISO 8601 in the time of the business."""
    one = tracked.finding
    row = next((row for row in contract.codes.rows(RULES) if row.code == one.rule), None)
    return {
        "finding_id": one.finding_id,
        "department": one.department,
        "status": tracked.status.value,
        "verdict": one.verdict.value,
        "rule": one.rule,
        "citation": row.more.get("citation", "") if row is not None else "",
        "record_type": one.record_type,
        "catalog_code": one.catalog_code,
        "record_key": one.record_key,
        "row": one.row or None,
        "field": one.field,
        "observed": one.observed,
        "expected": one.expected,
        "suggestion": one.suggestion,
        "message": {"zh": one.message_zh, "en": one.message_en},
        "remedy": {language: remedy_in(language, one.rule, contract) for language in ("zh", "en")},
        "issued_at": instant(one.issued_at),
        "due_on": tracked.due.isoformat() if tracked.due else None,
        "submission_id": one.submission_id,
        "event_id": one.event_id,
        "fixes": one.fixes or None,
        "answer": None if tracked.answer is None else answered(tracked.answer),
    }


def answered(one: Answer) -> dict[str, Any]:
    """A transition as JSON."""
    fixed = {"event_id": one.event_id, "submission_id": one.submission_id} if one.event_id else None
    return {"status": one.status.value, "by": one.by, "at": instant(one.at), "reason": one.reason, "fixed_by": fixed}


def listed(found: Iterable[Tracked], contract: Contract) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [shown(one, contract) for one in found]


def instant(milliseconds: int) -> str:
    """An instant in milliseconds, as ISO 8601 with seconds."""
    return datetime.fromtimestamp(milliseconds / 1000, SHANGHAI).isoformat(timespec="seconds")
