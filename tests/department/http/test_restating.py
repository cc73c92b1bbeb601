"""What the inbox has forgotten is known word by word, or not at all; and it is corrected as what was sent would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.contract.values import jsonable
from databus.department.http.again import Correction, publish_again
from databus.department.http.restating import Statement, remembered
from department.http.world import EVENTS, PERSON, SERIOUS, TYPE, World, batch, contract, forgotten, payload
from typed import example

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


async def test_what_was_said_of_a_person_is_known_by_the_number_that_makes_the_subjects_key(client: TestClient, world: World) -> None:
    sent = client.post(EVENTS, json=batch({"payload": payload(1, **PERSON)}), headers=OWN).json()
    assert sent["accepted"] == 1, sent
    (was,) = world.sent()
    await forgotten(world, sent)
    ((name, one),) = (await remembered(world.intake, world.past.of, "emergency", world.past.batch.told)).items()
    assert one.envelope["subject"] == was["envelope"]["subject"] and one.payload == was["payload"]
    told = world.past.batch.told[name]
    other = replace(told, of=("11111111-1111-8111-8111-111111111111", *told.of[1:]))
    world.past.batch = replace(world.past.batch, told={name: other}, said={other.of: world.past.batch.said[told.of]})
    assert not await remembered(world.intake, world.past.of, "emergency", [name])


async def test_a_person_in_the_record_of_an_organisation_is_of_its_key(client: TestClient, world: World) -> None:
    asked = {"record_type": "LP_KEY_PERSON", "events": [jsonable(example(contract().types["LP_KEY_PERSON"]))]}
    department = "market-regulation"
    sent = client.post(EVENTS.replace("emergency", department), json=asked, headers={"Authorization": f"Bearer {department}"}).json()
    await forgotten(world, sent, department=department)
    (one,) = (await remembered(world.intake, world.past.of, department, world.past.batch.told)).values()
    assert one.payload["person_name"] and one.record_type == "LP_KEY_PERSON"


async def test_the_name_of_a_note_is_known_like_the_rest_of_an_envelope(client: TestClient, world: World) -> None:
    sent = client.post(EVENTS, json=batch({"payload": payload(1), "envelope": {"note": "n-7"}}), headers=OWN).json()
    await forgotten(world, sent)
    (one,) = (await remembered(world.intake, world.past.of, "emergency", world.past.batch.told)).values()
    assert one.envelope["note"] == "n-7"


async def test_an_end_is_not_corrected_but_taken_back(client: TestClient, world: World) -> None:
    await known(client, world)
    ended = {name: replace(one, op="REVOKE") for name, one in world.past.batch.told.items()}
    world.past.batch = replace(world.past.batch, told=ended)
    assert not await remembered(world.intake, world.past.of, "emergency", ended)
    assert {one.of[1] for one in ended.values()} == {TYPE}
