"""Reaching PostgreSQL and bringing it up to date."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import MappingProxyType

import asyncpg
import pytest

from databus.contract.catalogue import Contract
from databus.errors import BadContract, DataUnusable, StoreUnavailable
from databus.store import classes, database, frame
from databus.store.sessions import Pool, session
from store.line import Line

pytestmark = pytest.mark.live


async def test_two_registrars_at_once_apply_each_migration_once_and_a_repeat_none(dsn: str, contract: Contract) -> None:
    names = tuple(migration.name for migration in frame.shipped())
    assert sorted(await asyncio.gather(database.migrate(dsn, contract), database.migrate(dsn, contract))) == [(), names]
    assert await database.migrate(dsn, contract) == ()


async def test_every_record_type_has_its_partition_and_every_indexed_field_its_index(pool: Pool, contract: Contract) -> None:
    async with session(pool) as connection:
        tables = {row["relname"] for row in await connection.fetch("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")}
        indexes = {row["indexname"] for row in await connection.fetch("SELECT indexname FROM pg_indexes")}
    assert tables == {f"record_versions_{name.lower()}" for name in contract.types}
    wanted = {(one["record_type"].lower(), field) for one in contract.datasets.values() for field in one["indexes"]}
    assert {f"record_versions_{record_type}_by_{field}" for record_type, field in wanted} <= indexes


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE migrations SET checksum = 'other' WHERE number = 1", "another wording"),
        ("INSERT INTO migrations (number, name, checksum) VALUES (9999, '9999_later.sql', '')", "9999_later.sql"),
    ],
)
async def test_a_changed_or_unknown_migration_is_refused_with_what_to_do(
    dsn: str, contract: Contract, pool: Pool, statement: str, word: str
) -> None:
    async with session(pool) as connection:
        await connection.execute(statement)
    with pytest.raises(DataUnusable, match=word) as refused:
        await database.migrate(dsn, contract)
    assert "databus down --erase" in refused.value.detail


async def test_a_record_type_with_a_hostile_name_makes_no_table(dsn: str, contract: Contract) -> None:
    hostile = "X') ; DROP TABLE steps; --"
    types = MappingProxyType({hostile: replace(contract.types["ADMIN_PENALTY"], name=hostile)})
    with pytest.raises(BadContract):
        await database.migrate(dsn, replace(contract, types=types, datasets={}))


async def test_an_empty_database_asks_for_the_registrar(dsn: str) -> None:
    pool = await database.connect(dsn)
    with pytest.raises(DataUnusable, match="registrar"):
        await classes.known(pool)
    await pool.close()


async def test_no_server_no_database_and_a_cut_connection_are_one_error(dsn: str, pool: Pool) -> None:
    with pytest.raises(StoreUnavailable):
        await database.connect("postgresql://databus:x@127.0.0.1:1/databus")
    async with asyncio.timeout(60):
        with pytest.raises(StoreUnavailable):
            async with session(pool) as connection:
                other = await asyncpg.connect(dsn)
                await other.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
                await other.close()
                await connection.fetch("SELECT pg_sleep(300)")
    assert await classes.known(pool) == ()


async def test_waiting_ends_when_something_is_applied(line: Line) -> None:
    waiting = asyncio.create_task(database.wait(line.pool, "changes", 30.0))
    while not waiting.done():
        await line.happen(line.change(str(time.monotonic_ns())))
        await asyncio.sleep(0.05)
    assert await waiting
    assert not await database.wait(line.pool, "changes", 0.05)
