"""Deletion racing with everything else: checkers die again and again while secrets arrive among good submissions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bus.fleet import Fleet, read_all
from bus.sealing import SECRET
from databus.bus import offsets
from databus.bus.address import BusAddress
from databus.bus.journal import Journal

pytestmark = pytest.mark.live
As = Callable[[str], BusAddress]
COUNT, EACH = 1200, 40
PATIENCE_SECONDS = 600.0


async def arrive(address: BusAddress, choose: random.Random) -> set[bytes]:
    """Numbered submissions of many keys, every fortieth a secret; the numbers of the secrets."""
    secrets = set()
    async with Journal(address) as journal:
        for number in range(COUNT):
            value = b"%d" % number
            if choose.randrange(EACH) == 0:
                secrets.add(value)
                value = SECRET + value
            await journal.append("in.tax", b"k%d" % choose.randrange(30), value)
            await asyncio.sleep(0.005)
    return secrets


async def test_no_secret_stays_and_no_submission_goes_with_it_unchecked(as_user: As, tmp_path: Path) -> None:
    choose, checker = random.Random(11), as_user("checker")
    fleet = Fleet(checker, tmp_path / "workers.log", {"SLOW": "0.02"}, script="sealing.py")
    arriving = asyncio.create_task(arrive(as_user("tax"), choose))
    try:
        fleet.start(2)
        due, until = time.monotonic() + 2.0, time.monotonic() + PATIENCE_SECONDS
        while not arriving.done() or await left(checker, as_user("admin")):
            assert time.monotonic() < until, fleet.log.read_text()[-4000:]
            if not arriving.done() and time.monotonic() > due:
                fleet.kill(choose.choice(fleet.workers))
                fleet.start()
                due = time.monotonic() + choose.uniform(1.0, 2.5)
            fleet.tend()
            await asyncio.sleep(0.1)
    finally:
        fleet.stop()
    secrets = await arriving
    assert len(secrets) > 10
    events = {record.value for record in await read_all(as_user("admin"), "events")}
    assert events == {b"%d" % number for number in range(COUNT)} - secrets
    assert {record.value for record in await read_all(as_user("admin"), "quarantine.tax")} == secrets


async def left(checker: BusAddress, admin: BusAddress) -> bool:
    """Whether something is unchecked, lies behind what one that died left open, or a secret can still be read."""
    if sum((await offsets.lag(checker, "checker", ["in.tax"])).values()):
        return True
    if await offsets.uncommitted(admin, ["events", "quarantine.tax"]):
        return True
    return any((record.value or b"").startswith(SECRET) for record in await read_all(checker, "in.tax"))
