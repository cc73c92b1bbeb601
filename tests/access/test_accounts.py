"""Accounts, and the sample clients of the first run."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from databus.access import samples
from databus.access.accounts import Client, add, create_samples, sample_secrets
from databus.access.secrets import Hashing, fresh
from databus.errors import Conflict, Malformed
from databus.model.disclosure import Role
from databus.settings import Settings
from databus.store import accounts
from databus.store.sessions import Pool
from engines import store_at

FAST = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def pool(isolated: Settings) -> AsyncIterator[Pool]:
    async with store_at(isolated.postgres.dsn) as made:
        yield made


async def known(pool: Pool, client_id: str, secret: str) -> bool:
    account = await accounts.find(pool, client_id)
    return account is not None and await FAST.agrees(account.secret_hash, secret)


@pytest.mark.live
async def test_samples_are_made_once_and_their_secrets_work(pool: Pool, tmp_path: Path) -> None:
    assert await create_samples(pool, samples.clients(), keys=tmp_path, hashing=FAST) == ("emergency", "agency-north", "agency-south")
    assert await create_samples(pool, samples.clients(), keys=tmp_path, hashing=FAST) == ()
    secrets = sample_secrets(tmp_path)
    assert set(secrets) == {"emergency", "agency-north", "agency-south"}
    for client_id, secret in secrets.items():
        assert await known(pool, client_id, secret)
        assert stat.S_IMODE((tmp_path / "clients" / f"{client_id}.secret").stat().st_mode) == 0o600
    assert not await known(pool, "agency-north", secrets["agency-south"])


@pytest.mark.live
async def test_a_lost_secret_is_replaced_and_a_lost_database_takes_the_old_one(pool: Pool, tmp_path: Path) -> None:
    clients = samples.clients()
    await create_samples(pool, clients, keys=tmp_path, hashing=FAST)
    file = tmp_path / "clients" / "emergency.secret"
    old = file.read_text().strip()
    file.unlink()
    assert await create_samples(pool, clients, keys=tmp_path, hashing=FAST) == ("emergency",)
    assert not await known(pool, "emergency", old)
    assert await known(pool, "emergency", sample_secrets(tmp_path)["emergency"])
    (tmp_path / "clients" / "newcomer.secret").write_text("written-before\n")
    await create_samples(pool, (Client("newcomer", Role.AGENCY, "agency-south"),), keys=tmp_path, hashing=FAST)
    assert await known(pool, "newcomer", "written-before")


@pytest.mark.live
async def test_an_account_is_added_once(pool: Pool) -> None:
    secret = await add(pool, Client("steward-1", Role.STEWARD, ""), hashing=FAST)
    assert await known(pool, "steward-1", secret)
    with pytest.raises(Conflict):
        await add(pool, Client("steward-1", Role.STEWARD, ""), hashing=FAST)


@pytest.mark.parametrize(
    "client",
    [
        Client("", Role.STEWARD, ""),
        Client("A", Role.STEWARD, ""),
        Client("../x", Role.STEWARD, ""),
        Client("no-slug", Role.AGENCY, ""),
        Client("slug", Role.OFFICER, "emergency"),
        Client("the-public", Role.PUBLIC, ""),
    ],
)
async def test_accounts_that_cannot_be(client: Client) -> None:
    with pytest.raises(Malformed):
        await add(None, client, hashing=FAST)  # type: ignore[arg-type]


async def test_hashes() -> None:
    stored = await FAST.hash("s3cret")
    assert "s3cret" not in stored
    assert await FAST.agrees(stored, "s3cret")
    assert not await FAST.agrees(stored, "S3cret")
    assert not await FAST.agrees(None, "s3cret")
    assert not await FAST.agrees("spoilt", "s3cret")
    assert len({fresh() for _ in range(100)}) == 100


def test_nobody_consenting_is_no_consent_for_all() -> None:
    assert {permit.kind for permit in samples.permits(date(2026, 6, 1), consenting=())} == {"GRANT"}
    (consent,) = [permit for permit in samples.permits(date(2026, 6, 1), consenting=("k",)) if permit.kind == "CONSENT"]
    assert consent.subjects == ("k",)


def test_a_leap_day_has_a_year_later() -> None:
    assert all(permit.valid_to > date(2028, 2, 29) for permit in samples.permits(date(2028, 2, 29), consenting=("k",)))
