"""What a run left behind: every committed record of the topics, and the rows of PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.follow import beginnings, ends, follow
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


def gather(here: Session) -> Evidence:
    """All of it, once nothing is on its way any more."""
    address = here.address("admin")
    inboxes = tuple(topics.inbox(slug) for slug in here.contract.departments)

    def read(*names: str) -> list[Record]:
        return asyncio.run(read_all(address, names))

    def rows(query: str) -> list[Row]:
        return here.ask(lambda pool: _rows(pool, query))

    return Evidence(
        inboxes=read(*inboxes),
        events=read(topics.EVENTS),
        changes=read(topics.CHANGES),
        registers=read(topics.REGISTERS),
        findings=read(topics.FINDINGS),
        steps=rows(_STEPS),
        versions=rows(_VERSIONS),
        stored_findings=rows(_FINDINGS),
        count=here.ask(reconciliation.count),
        decisions=frozenset(str(row["decision_id"]) for row in rows(_DECISIONS)),
    )


async def read_all(address: BusAddress, names: Iterable[str]) -> list[Record]:
    """Every committed record of some topics."""
    names = tuple(names)
    first, end, stop, found = await beginnings(address, names), await ends(address, names), asyncio.Event(), list[Record]()
    left = {place for place, offset in end.items() if offset > first[place]}

    def moved(topic: str, partition: int, offset: int) -> None:
        if offset >= end[topic, partition]:
            left.discard((topic, partition))
        if not left:
            stop.set()

    if left:
        async for records in follow(address, topics=names, positions={}, stop=stop, on_position=moved):
            found += records
    return found


async def _rows(pool: Pool, query: str) -> list[Row]:
    async with session(pool) as connection:
        return [dict(row) for row in await connection.fetch(query)]
