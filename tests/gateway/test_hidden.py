"""A record that must not be known to exist changes nothing in any answer, from an empty province on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from databus.contract.classes import possible
from databus.gateway.records import StoreRecords
from databus.model.change import Kind
from databus.model.labels import LabelClass, Publication, Standing, SubjectKind
from databus.policy.opa import OpaDecider
from databus.policy.plans import Plans
from databus.store import classes, database
from databus.testing.trail import MemoryTrail
from gateway.world import NOW, OTHER, TOKENS, USCC, build, contract, example, label, served
from policy_engine import TOKEN, running_opa
from store.line import Line

SHOWN = "长春市样例粮油有限公司"
SECRET, OWNER = "藏名样例有限公司", "ecology"
TYPES = ("LP_REGISTRATION", "ADMIN_LICENCE", "ADMIN_PENALTY", "ABNORMAL_OPERATION")
_CURSOR = re.compile(rb'((?:cursor=|"next":"|"cursor":"))([A-Za-z0-9_-]+)')


@dataclass
class Province:
    """A gateway made anew for each look, and the ways to publish to it."""

    app: Callable[[], Any]
    put: Callable[[LabelClass, str, str], Awaitable[None]]

    async def show(self, code: str, name: str) -> None:
        """A public penalty."""
        await self.put(label("ADMIN_PENALTY", owner="transport"), code, name)

    async def hide(self) -> None:
        """One record of each type, closed for one reason or another, about everybody; of a kind and name nobody else tells.

        And one of each that agrees with what is shown: by the registrar, whose word would count, and by a source that is seen too.
        """
        for owner in ("market-regulation", "transport"):
            for name in TYPES:
                await self.put(label(name, Publication.INTERNAL, owner=owner), USCC, SHOWN)
        closed = ({"publication": Publication.INTERNAL}, {"standing": Standing.HELD}, {"standing": Standing.REVOKED})
        for number, name in enumerate(TYPES):
            known = replace(label(name, owner=OWNER, subject_kind=SubjectKind.HOUSEHOLD), **closed[number % len(closed)])
            for code in (USCC, OTHER, "91220000YYYY00099X"):
                await self.put(known, code, SECRET)

    async def look(self) -> dict[str, tuple[Any, ...]]:
        """All that anybody can see: status, telling headers and bytes; of cursors, which differ each time, the length."""
        found: dict[str, tuple[Any, ...]] = {}
        transport = httpx.ASGITransport(app=self.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            for who, path in asked():
                answer = await client.get(path, headers={"Authorization": who} if who else {})
                told = {name: answer.headers.get(name) for name in ("etag", "content-length", "content-type", "databus-as-of")}
                link = _CURSOR.sub(_starred, answer.headers.get("link", "").encode())
                found[f"{who} {path}"] = (answer.status_code, told, link, _CURSOR.sub(_starred, answer.content))
        return found


def _starred(found: re.Match[bytes]) -> bytes:
    return found.group(1) + b"*" * len(found.group(2))


def asked() -> list[tuple[str, str]]:
    """Every question of every kind of caller: everybody, a department and agencies with and without a permit."""
    names = ("penalties", "licences", "registrations", "abnormal_operations")
    tables = [f"/v1/datasets/{name}/{what}" for name in names for what in ("records", "records?limit=1", "exports/csv", "exports/jsonl")]
    searches = [f"/v1/subjects?q={word}" for word in ("样例", SECRET, USCC, "藏名")]
    pages = ["/", f"/?q={SECRET}", "/?q=样例", "/datasets", "/datasets/penalties", f"/businesses/{USCC}", f"/businesses/{OTHER}"]
    tables.append("/v1/datasets/nothing/records")
    everybody = [*tables, *searches, *pages, "/v1/datasets", f"/v1/subjects/{USCC}", f"/v1/subjects/{OTHER}", "/v1/feeds"]
    own = [
        f"/v1/profiles/{code}{purpose}" for code in (USCC, OTHER) for purpose in ("", "?purpose=P12", "?purpose=P99", "?as_of=2026-11-01")
    ]
    own += [f"/v1/feeds/changes/events{more}" for more in ("", "?limit=1", "?limit=2", "?purpose=P12", "?from=now")]
    return [("", path) for path in (*everybody, *own)] + [(who, path) for who in TOKENS for path in own]


@pytest.fixture(params=["memory", pytest.param("engines", marks=pytest.mark.live)])
async def province(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Province]:
    if request.param == "memory":
        yield _in_memory()
        return
    dsn = request.getfixturevalue("engines").fresh_database().get_secret_value()
    await database.migrate(dsn, contract())
    pool = await database.connect(dsn)
    line, numbers = Line(pool, contract().codec(), contract()), iter(range(1000))

    async def put(known: LabelClass, code: str, name: str) -> None:
        number = next(numbers)
        about = {"subject_key": f"subject-{code}", "subject_name": name, "codes": {"CN-USCI": code}, "record_type": known.record_type}
        told = {"record_key": f"r{number}", "label_class": known, "standing": known.standing, "department": known.owner}
        await line.happen(line.change(str(number), kind=Kind.ADDED, pv=number, **about, **told))

    async def occurring() -> tuple[LabelClass, ...]:
        return await classes.known(pool)

    with running_opa(tmp_path / "bundle") as opa:
        async with OpaDecider(opa.url, TOKEN, 30.0) as decider:

            def app() -> Any:
                known = possible(contract())
                plans = Plans(decider, classes=occurring, contract=contract(), clock=lambda: NOW, seconds=60, possible=known)
                return served(plans, StoreRecords(pool), MemoryTrail())

            yield Province(app, put)
    await pool.close()


def _in_memory() -> Province:
    world = build()

    async def put(known: LabelClass, code: str, name: str) -> None:
        world.put(known, example(known.record_type), code=code, name=name)

    return Province(lambda: served(world.planner, world.records, world.trail), put)


@pytest.mark.parametrize("shown", [(), (USCC,), (USCC, OTHER)], ids=["empty", "one business", "two"])
async def test_it_changes_nothing_in_any_answer(province: Province, shown: tuple[str, ...]) -> None:
    for code in shown:
        await province.show(code, SHOWN)
    before = await province.look()
    await province.hide()
    after = await province.look()
    assert not {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert {answer[0] for answer in after.values()} == {200, 401, 404}
