"""Examples of requests and answers, for the description of the API. All of it is synthetic."""

from __future__ import annotations

from typing import Any

_ID, _HASH = "0191e0a0-0000-7000-8000-000000000003", "fc64d53f19c2557b3c81e90a1ecb9f12f0c9fce22b14b681454c2264509dc1a8"
_ITEM = {"envelope": {"source_system": "cases"}, "payload": {"uscc": "91220000YYYY00012A", "decided_at": "2026-09-03"}}
_EVENT = {"specversion": "1.0", "id": _ID, "source": "/cases", "type": "databus.ADMIN_PENALTY", "data": _ITEM}
_LISTED = {"partition": 1, "offset": 5, "appended_at": 1795694085913, "submission_id": _ID, "sha256": _HASH}
_REASON = {
    "rule": "DQ-FMT-04",
    "field": "decided_at",
    "observed": "someday",
    "expected": "a date such as 2025-03-01",
    "suggestion": "",
    "message": {"zh": "处罚决定日期：字段值无法读取", "en": "decided on: a value cannot be read as its field"},
    "remedy": {"zh": "按字段要求改写该值", "en": "write the value as its field asks"},
}
_TAKEN = {"item": 1, "outcome": "ACCEPTED", "submission_id": _ID, "partition": 1, "offset": 5}
_RECEIPT = {"receipt": "eyJhbGciOiJFUzI1NiIs…", "submissions": [_LISTED]}


def _content(**kinds: Any) -> dict[str, Any]:
    return {kind: {"schema": {"type": "object" if isinstance(one, dict) else "array"}, "example": one} for kind, one in kinds.items()}


def _asked(*members: str) -> dict[str, Any]:
    """An object that has these members at least."""
    return {"type": "object", "required": list(members)}


_CLOUD_EVENT = _asked("specversion", "id", "source", "type")
REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": _asked("events"), "example": {"record_type": "ADMIN_PENALTY", "events": [_ITEM]}},
        "application/cloudevents+json": {"schema": _CLOUD_EVENT, "example": _EVENT},
        "application/cloudevents-batch+json": {"schema": {"type": "array", "minItems": 1, "items": _CLOUD_EVENT}, "example": [_EVENT]},
    },
}
RETRACTION: dict[str, Any] = {
    "required": True,
    "content": {"application/json": {"schema": _asked("receipt", "submissions"), "example": _RECEIPT}},
}
_CLAIM = {name: _LISTED[name] for name in ("submission_id", "partition", "offset", "sha256")}
CLAIMS: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": _asked("submissions"), "example": {"submissions": [_CLAIM], "source_sha256": _HASH}},
    },
}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "At least one was accepted for delivery",
        "content": _content(
            **{
                "application/json": {
                    "accepted": 1,
                    "refused": 1,
                    "results": [_TAKEN, {"item": 2, "outcome": "REFUSED", "problems": [_REASON]}],
                    **_RECEIPT,
                }
            }
        ),
    }
}
FORESEEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "With `dry_run`: what would become of each",
        "content": _content(
            **{
                "application/json": {
                    "dry_run": True,
                    "accepted": 0,
                    "refused": 1,
                    "results": [{"item": 1, "outcome": "REFUSED", "problems": [_REASON]}],
                }
            }
        ),
    }
}
RECEIPT: dict[int | str, dict[str, Any]] = {201: {"description": "The receipt", "content": _content(**{"application/json": _RECEIPT})}}
