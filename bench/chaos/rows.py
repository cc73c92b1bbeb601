"""The rows of PostgreSQL, held against the steps of the log and against what the plan says of each record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.chaos.evidence import Evidence, Row
from bench.chaos.linked import Linked, contested
from bench.chaos.retold import CONTENT, LINK, At, Retold
from bench.chaos.verdict import DOUBLED, LOST, STALE, Verdict
from databus.model.change import Change
from databus.model.chunk import Record

_BY_TIME = {"SHOWN", "HIDDEN", "ARCHIVED"}
"""Standings that only the calendar tells apart."""


def require_rows(
    told: Retold,
    linked: Linked,
    contents: Mapping[At, Mapping[str, Any] | None],
    changes: Sequence[tuple[Record, Change]],
    evidence: Evidence,
    verdict: Verdict,
) -> None:
    """A row per step, a version per step that moved a profile, and behind the last version of each record what was meant."""
    first: dict[str, tuple[Record, Change]] = {}
    for record, change in changes:
        first.setdefault(change.change_id, (record, change))
    rows = {row["change_id"]: row for row in evidence.steps}
    verdict.each(set(rows), set(first), "row of step")
    for name in set(rows) & set(first):
        record, change = first[name]
        row = rows[name]
        found = row["kind"], row["pv"], row["event_id"], row["subject_key"], row["standing"], row["part"], row["offset"]
        meant = str(change.kind), change.pv, change.event_id, change.subject_key, str(change.standing), record.partition, record.offset
        verdict.same(found, meant, STALE, f"row of step {name}")
    versions = defaultdict[At, list[Row]](list)
    for row in evidence.versions:
        versions[row["subject_key"], row["record_key"]].append(row)
    _require_chains(versions, [pair for pair in first.values() if _moves_record(pair[1])], verdict)
    for at in told.records:
        _require_last(told, linked, at, contents[at], versions.get(at, []), verdict)


def require_away(records: Iterable[At], evidence: Evidence, verdict: Verdict) -> None:
    """What is under another key is withdrawn here, if it ever was here."""
    last = {(row["subject_key"], row["record_key"]): row for row in evidence.versions if row["to_offset"] is None}
    for at in records:
        if at in last:
            found = last[at]["standing"], last[at]["payload"]
            verdict.same(found, ("MOVED", None), STALE, f"row of {at}, which is under another key")


def _moves_record(change: Change) -> bool:
    return change.kind.of_record


def _require_chains(versions: Mapping[At, list[Row]], changes: Sequence[tuple[Record, Change]], verdict: Verdict) -> None:
    expected = defaultdict[At, list[tuple[str, int]]](list)
    for record, change in changes:
        expected[change.subject_key, change.record_key].append((change.change_id, record.offset))
    for at, steps in expected.items():
        found = [(row["change_id"], row["from_offset"], row["to_offset"]) for row in versions.get(at, [])]
        behind: list[int | None] = [offset for _, offset in steps[1:]]
        meant = [(name, offset, following) for (name, offset), following in zip(steps, [*behind, None], strict=True)]
        if found != meant:
            kind = LOST if len(found) < len(meant) else DOUBLED if len(found) > len(meant) else STALE
            verdict.wrong(kind, f"versions of {at}: {found} instead of {meant}")
    for at in set(versions) - set(expected):
        verdict.wrong(DOUBLED, f"versions of {at}, of which no step tells")


def _require_last(
    told: Retold, linked: Linked, at: At, content: Mapping[str, Any] | None, versions: Sequence[Row], verdict: Verdict
) -> None:
    last = versions[-1] if versions else None
    if last is None:
        verdict.wrong(LOST, f"every version of {at}")
        return
    payload = None if last["payload"] is None else {name: value for name, value in last["payload"].items() if value is not None}
    if payload is not None and any(facet == LINK for _, facet in told.records[at]):
        # What the tests say of a code is the checker's to state.
        payload = {name: value for name, value in payload.items() if name in (content or {})}
    verdict.same(payload, content, STALE, f"payload of {at}")
    verdict.require(last["standing"] in _standings(told, linked, at), STALE, f"{at} stands at {last['standing']}")


def _standings(told: Retold, linked: Linked, at: At) -> set[str]:
    stands = told.stands(at)
    links = [one.event for (_, facet), one in stands.items() if facet == LINK]
    if links:
        return {"REVOKED"} if all(link.withdrawn for link in links) else {"HELD"} if contested(linked, links) else _BY_TIME
    ends = {facet for (_, facet), one in stands.items() if facet != CONTENT and not one.event.withdrawn}
    if any(one.rivals or one.baseless for one in stands.values()):
        return {"HELD"}
    if not any(facet == CONTENT for _, facet in stands):
        return {"WAITING"}
    if "revoke" in ends:
        return {"REVOKED"}
    # A repair decided before the shortest publicity is over takes effect when it is (domain 4.5).
    return {"REPAIRED", *_BY_TIME} if "repair" in ends else _BY_TIME
