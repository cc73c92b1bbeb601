"""Rows of PostgreSQL held against another load of the same log: equal without a fault, and every kind of fault is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.chaos.again import compare_tables, loaded
from bench.chaos.evidence import Evidence
from bench.chaos.verdict import DOUBLED, LOST, Verdict
from databus.contract import catalogue, wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model.chunk import Record
from databus.model.finding import Answer, FindingStatus
from databus.settings import CHECKOUT
from databus.store import database, projection
from databus.store.sessions import session
from engines import Engines
from live.lines import planned, run

pytestmark = pytest.mark.live
COUNT, AT_ONCE = 300, 7
FAULTS = (
    ("DELETE FROM facts WHERE event_id = (SELECT min(event_id) FROM facts)", {LOST}),
    ("INSERT INTO subject_codes VALUES ('1', 'CN-REG', 'nobody')", {DOUBLED}),
    ("UPDATE steps SET seq = seq + 1 WHERE change_id = (SELECT min(change_id) FROM steps)", {LOST, DOUBLED}),
    (
        "UPDATE record_versions SET to_offset = to_offset + 1 WHERE to_offset = (SELECT min(to_offset) FROM record_versions)",
        {LOST, DOUBLED},
    ),
    ("DELETE FROM findings WHERE finding_id = (SELECT min(finding_id) FROM findings)", {LOST}),
    ("UPDATE findings SET status = 'OVERDUE' WHERE finding_id = (SELECT min(finding_id) FROM findings)", {LOST, DOUBLED}),
    ("DELETE FROM answers", {LOST}),
)


def answered(findings: Sequence[Record], codec: Codec) -> list[Record]:
    """With an answer of its department behind the last finding."""
    last = findings[-1]
    told = wire.decode_finding(codec, last.value or b"")
    answer = Answer(told.finding_id, told.department, FindingStatus.ACK, by=told.department, at=last.timestamp)
    return [*findings, replace(last, offset=last.offset + 1, value=wire.encode_answer(codec, answer))]


async def project(dsn: str, topic: str, records: Sequence[Record], contract: Contract) -> None:
    """As a projector would that gets a few at a time."""
    parts = defaultdict[int, list[Record]](list)
    for record in records:
        parts[record.partition].append(record)
    pool = await database.connect(dsn)
    async with session(pool) as connection:
        for part in parts.values():
            for at in range(0, len(part), AT_ONCE):
                await projection.project(connection, topic, part[at : at + AT_ONCE], contract.codec(), contract)
    await pool.close()


async def test_every_row_is_held_against_another_load(engines: Engines) -> None:
    dsn, contract = engines.fresh_database().get_secret_value(), catalogue.load(CHECKOUT / "schemas")
    codec = contract.codec()
    evidence: Evidence = run(planned(contract, COUNT), contract, codec)
    await database.migrate(dsn, contract)
    findings = answered(evidence.findings, codec)
    await project(dsn, "changes", evidence.changes, contract)
    await project(dsn, "findings", findings, contract)

    async def later() -> Sequence[Record]:
        """One more than the store has come to: it may be written at any time."""
        return [*findings, replace(findings[-1], offset=findings[-1].offset + 1)]

    verdict = Verdict()
    await loaded(dsn, evidence.changes, later, contract, codec, verdict)
    assert verdict.clean, verdict.examples
    pool = await database.connect(dsn)
    for fault, kinds in FAULTS:
        async with session(pool) as connection:
            undone = connection.transaction()
            await undone.start()
            await connection.execute(fault)
            named = Verdict()
            await compare_tables(connection, named)
            await undone.rollback()
        assert set(named.found) == kinds, fault
    await pool.close()
