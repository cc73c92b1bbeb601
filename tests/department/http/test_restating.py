"""What the inbox has forgotten is known word by word, or not at all; and it is corrected as what was sent would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.department.http.again import Correction, publish_again
from databus.department.http.restating import Statement, remembered
from department.http.world import EVENTS, SERIOUS, TYPE, World, batch, forgotten, payload

OWN = {"Authorization": "Bearer emergency"}


async def known(client: TestClient, world: World, **more: Any) -> Mapping[str, Statement]:
    sent = client.post(EVENTS, json=batch(SERIOUS, {"payload": payload(2)}), headers=OWN).json()
    await forgotten(world, sent, **more)
    return await remembered(world.intake, world.past.of, "emergency", world.past.batch.told.keys())


async def test_it_is_known_as_it_was_stated_and_corrected_in_one_cell(client: TestClient, world: World) -> None:
    found = await known(client, world)
    assert found.keys() == world.past.batch.told.keys()
    name, first = next(iter(found.items()))
    assert str(first.payload["fine_yuan"]) == "2000.00" and first.envelope["severity"] == "SERIOUS"
    seq, cells = world.past.batch.told[name].seq, {"content": "罚款人民币二千元整"}
    correction = Correction(first.record_type, first.envelope, first.payload, cells, ("f1",), True, "11111111-1111-4111-8111-111111111111")
    world.instant[0] += timedelta(days=8)
    told = await publish_again(world.intake, "emergency", [correction], dry_run=False)
    (made,) = world.sent()
    assert told["accepted"] == 1 and made["payload"] == {**first.payload, **cells}
    about = {"severity": "SERIOUS", "legal_basis": "安全生产法", "secrecy": "WORK_SECRET", "source_system": "http"}
    assert {name: made["envelope"][name] for name in about} == about
    (entry,) = world.inbox.of("in.emergency")
    assert dict(entry.headers)["databus-fixes"] == b"f1"
    assert made["envelope"]["source_seq"] > seq and made["envelope"]["subject"] == first.envelope["subject"]


@pytest.mark.parametrize(
    "more",
    [
        {"stated": None},
        {"payload": None},
        {"payload": {"doc_no": "吉应急罚〔2026〕9号"}},
        {"codes": {"CN-USCI": "91220000YYYY00012A"}},
        {"mark": b"another content"},
        {"kind": "PERSON", "codes": {}, "name": ""},
        {"event_id": "another"},
    ],
)
async def test_what_cannot_be_proved_is_not_known(client: TestClient, world: World, more: dict[str, Any]) -> None:
    assert not await known(client, world, **more)


async def test_an_end_is_not_corrected_but_taken_back(client: TestClient, world: World) -> None:
    await known(client, world)
    ended = {name: replace(one, op="REVOKE") for name, one in world.past.batch.told.items()}
    world.past.batch = replace(world.past.batch, told=ended)
    assert not await remembered(world.intake, world.past.of, "emergency", ended)
    assert {one.of[1] for one in ended.values()} == {TYPE}
