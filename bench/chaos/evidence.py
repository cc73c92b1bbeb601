"""What a run left behind: every committed record of the topics, and the rows of PostgreSQL, from where it began."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.follow import Positions
from databus.bus.offsets import ends
from databus.bus.through import through
from databus.cli.session import Session
from databus.model.chunk import Record
from databus.store import reconciliation
from databus.store.reconciliation import Count
from databus.store.sessions import Pool, session

Row = Mapping[str, Any]
_STEPS = 'SELECT change_id, kind, pv, event_id, submission_id, subject_key, record_key, standing, part, "offset" FROM steps'
_VERSIONS = """
SELECT record_type, record_key, subject_key, change_id, event_id, submission_id, standing, payload, part, from_offset, to_offset
FROM record_versions ORDER BY part, from_offset
"""
_FINDINGS = "SELECT finding_id, event_id, rule, verdict FROM findings"
_DECISIONS = "SELECT decision_id FROM decisions"
_PATIENCE_SECONDS = 300.0
_NOTHING = Count(**{one.name: 0 for one in fields(Count)})


@dataclass(frozen=True)
class Mark:
    """Where a line stood when a run began: the end of every topic, and what PostgreSQL had counted and found."""

    ends: Positions = field(default_factory=dict)
    count: Count = _NOTHING
    findings: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class Evidence:
    """Topics as lists of records, each partition in offset order; tables as lists of rows."""

    inboxes: Sequence[Record]
    events: Sequence[Record]
    changes: Sequence[Record]
    registers: Sequence[Record]
    findings: Sequence[Record]
    steps: Sequence[Row]
    versions: Sequence[Row]
    stored_findings: Sequence[Row]
    count: Count
    decisions: frozenset[str] = field(default=frozenset())


def mark(here: Session) -> Mark:
    """Where the line stands now; nothing is on its way."""
    names = (*_inboxes(here), topics.EVENTS, topics.CHANGES, topics.REGISTERS, topics.FINDINGS)
    return Mark(
        asyncio.run(ends(here.address("admin"), names)),
        here.ask(reconciliation.count, timeout_seconds=_PATIENCE_SECONDS),
        frozenset(row["finding_id"] for row in here.ask(lambda pool: _rows(pool, _FINDINGS), timeout_seconds=_PATIENCE_SECONDS)),
    )


def gather(here: Session, since: Mark) -> Evidence:
    """All that came since, once nothing is on its way any more."""
    address = here.address("admin")

    def read(*names: str) -> list[Record]:
        return asyncio.run(read_all(address, names, since.ends))

    def rows(query: str) -> list[Row]:
        return here.ask(lambda pool: _rows(pool, query), timeout_seconds=_PATIENCE_SECONDS)

    def behind(row: Row, name: str) -> bool:
        return bool(row[name] >= since.ends.get((topics.CHANGES, row["part"]), 0))

    return Evidence(
        inboxes=read(*_inboxes(here)),
        events=read(topics.EVENTS),
        changes=read(topics.CHANGES),
        registers=read(topics.REGISTERS),
        findings=read(topics.FINDINGS),
        steps=[row for row in rows(_STEPS) if behind(row, "offset")],
        versions=[row for row in rows(_VERSIONS) if behind(row, "from_offset")],
        stored_findings=[row for row in rows(_FINDINGS) if row["finding_id"] not in since.findings],
        count=_less(here.ask(reconciliation.count, timeout_seconds=_PATIENCE_SECONDS), since.count),
        decisions=frozenset(str(row["decision_id"]) for row in rows(_DECISIONS)),
    )


def _inboxes(here: Session) -> tuple[str, ...]:
    return tuple(topics.inbox(slug) for slug in here.contract.departments)


def _less(now: Count, then: Count) -> Count:
    return Count(**{one.name: getattr(now, one.name) - getattr(then, one.name) for one in fields(Count)})


async def read_all(address: BusAddress, names: Iterable[str], since: Positions | None = None) -> list[Record]:
    """Every committed record of some topics, from their beginnings or from the places named."""
    return [record async for records in through(address, names, since=since) for record in records]


async def _rows(pool: Pool, query: str) -> list[Row]:
    async with session(pool) as connection:
        return [dict(row) for row in await connection.fetch(query)]
