"""Logins end: with their time, unused, with the account, with its secret; and the table never holds what a cookie does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from databus.model.disclosure import Role
from databus.store import accounts, logins
from databus.store.accounts import Account
from databus.store.sessions import Pool

pytestmark = pytest.mark.live
NOW = datetime(2026, 9, 11, 1, tzinfo=UTC)
LIFE, IDLE = timedelta(hours=10), timedelta(hours=1)


@pytest.fixture
async def account(pool: Pool) -> Account:
    await accounts.add(pool, "emergency", secret_hash="h1", role=Role.DEPARTMENT, organisation="emergency")
    found = await accounts.find(pool, "emergency")
    assert found is not None
    await logins.begin(pool, "token", found, now=NOW, life=LIFE)
    return found


async def at(pool: Pool, minutes: int, token: str = "token") -> Account | None:
    return await logins.find(pool, token, now=NOW + timedelta(minutes=minutes), idle=IDLE)


async def test_a_login_lasts_while_it_is_used_and_no_longer_than_its_life(pool: Pool, account: Account) -> None:
    assert [await at(pool, minutes) for minutes in range(0, 600, 50)] == [account] * 12
    assert await at(pool, 600) is None
    assert await at(pool, 1, "another") is None and await at(pool, 1, "a\x00") is None


async def test_unused_it_ends(pool: Pool, account: Account) -> None:
    assert await at(pool, 59) == account and await at(pool, 119) is None


@pytest.mark.parametrize("how", ["left", "renewed", "closed"])
async def test_it_ends_with_what_it_rests_on(pool: Pool, account: Account, how: str) -> None:
    if how == "left":
        await logins.end(pool, "token")
    elif how == "renewed":
        await accounts.renew(pool, "emergency", secret_hash="h2")
    else:
        await accounts.disable(pool, "emergency")
    assert await at(pool, 1) is None


async def test_only_hashes_are_kept_and_what_ended_is_forgotten(pool: Pool, account: Account) -> None:
    rows = await pool.fetch("SELECT * FROM logins")
    assert len(rows) == 1 and b"token" not in rows[0]["token"]
    await logins.begin(pool, "next", account, now=NOW + LIFE, life=LIFE)
    assert await pool.fetchval("SELECT count(*) FROM logins") == 1
