"""A submission published again with corrections: the corrected cell goes through everything made of it, the rest stays."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.department.http.again import Correction, publish_again
from department.http.world import EVENTS, TYPE, World, batch, payload

OWN = {"Authorization": "Bearer emergency"}
WRONG, RIGHT = "91220102YYYY000208", "91220102YYYY000207"
FINDING = "6110536f-8564-52be-81eb-82a241949698"
ID = "11111111-1111-4111-8111-111111111111"


def sent(client: TestClient, world: World, envelope: dict[str, Any] | None = None) -> dict[str, Any]:
    """What lies in the inbox of a penalty with a wrong code."""
    item = {"payload": payload(1, uscc=WRONG), "envelope": envelope or {}}
    assert client.post(EVENTS, json=batch(item), headers=OWN).status_code == 202
    return world.sent()[-1]


def corrected(told: dict[str, Any], *, accepted: bool = False, **cells: str) -> Correction:
    return Correction(TYPE, told["envelope"], told["payload"], cells, (FINDING,), accepted, ID)


async def test_what_is_corrected_is_foreseen_and_nothing_is_sent(client: TestClient, world: World) -> None:
    told = sent(client, world)
    asked = [corrected(told, uscc=RIGHT), corrected(told), corrected(told, decided_at="someday")]
    answer = await publish_again(world.intake, "emergency", asked, dry_run=True)
    assert [one["outcome"] for one in answer["results"]] == ["ACCEPTED", "REFUSED", "REFUSED"], "an id is used once"
    (alone,) = (await publish_again(world.intake, "emergency", [corrected(told)], dry_run=True))["results"]
    assert alone["outcome"] == "REJECTED" and alone["findings"][0]["rule"] == "DQ-ACC-01"
    assert len(world.sent()) == 1


async def test_the_subject_follows_the_corrected_code_and_the_finding_is_named(client: TestClient, world: World) -> None:
    told = sent(client, world, {"note": "备注", "publication_class": "INTERNAL"})
    answer = await publish_again(world.intake, "emergency", [corrected(told, uscc=RIGHT, remark="")], dry_run=False)
    assert answer["accepted"] == 1 and answer["receipt"]
    (now,) = [one for one in world.sent() if one["envelope"]["submission_id"] == ID]
    assert now["envelope"]["subject"]["uscc"] == now["payload"]["uscc"] == RIGHT
    assert (now["envelope"]["note"], now["envelope"]["publication_class"]) == ("备注", "INTERNAL")
    same = {name: value for name, value in told["payload"].items() if name not in ("uscc", "remark")}
    assert same == {name: value for name, value in now["payload"].items() if name not in ("uscc", "remark")}
    headers = next(one.headers for one in world.inbox.of("in.emergency") if ID.encode() in dict(one.headers).values())
    assert ("databus-fixes", FINDING.encode()) in headers


@pytest.mark.parametrize(("accepted", "seq"), [(False, 41), (True, 42)])
async def test_a_source_that_counts_for_itself_is_counted_on(client: TestClient, world: World, accepted: bool, seq: int) -> None:
    told = sent(client, world, {"source_seq": "41"})
    await publish_again(world.intake, "emergency", [corrected(told, accepted=accepted, uscc=RIGHT)], dry_run=False)
    assert max(one["envelope"]["source_seq"] for one in world.sent()) == seq


async def test_a_number_made_of_time_is_made_anew(client: TestClient, world: World) -> None:
    told = sent(client, world)
    world.instant[0] = world.instant[0].replace(hour=11)
    await publish_again(world.intake, "emergency", [corrected(told, uscc=RIGHT)], dry_run=False)
    seqs = sorted(one["envelope"]["source_seq"] for one in world.sent())
    assert seqs[1] > seqs[0]
