"""Rows of PostgreSQL held against another load of the same log: equal without a fault, and every kind of fault is named."""

from __future__ import annotations

from collections import defaultdict

import pytest

from bench.chaos.again import compare_tables, loaded
from bench.chaos.evidence import Evidence
from bench.chaos.verdict import DOUBLED, LOST, Verdict
from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.model.chunk import Record
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
)


async def project(dsn: str, changes: tuple[Record, ...], contract: Contract) -> None:
    """As a projector would that gets a few at a time."""
    parts = defaultdict[int, list[Record]](list)
    for record in changes:
        parts[record.partition].append(record)
    pool = await database.connect(dsn)
    async with session(pool) as connection:
        for part in parts.values():
            for at in range(0, len(part), AT_ONCE):
                await projection.project(connection, "changes", part[at : at + AT_ONCE], contract.codec(), contract)
    await pool.close()


async def test_every_row_is_held_against_another_load(engines: Engines) -> None:
    dsn, contract = engines.fresh_database().get_secret_value(), catalogue.load(CHECKOUT / "schemas")
    codec = contract.codec()
    evidence: Evidence = run(planned(contract, COUNT), contract, codec)
    await database.migrate(dsn, contract)
    await project(dsn, tuple(evidence.changes), contract)
    verdict = Verdict()
    await loaded(dsn, evidence.changes, contract, codec, verdict)
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
