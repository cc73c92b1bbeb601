"""The stop button by HTTP: what is sent is what undoes the batch, under one receipt; what is no receipt does nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.department import receipt
from databus.model.change import Kind
from databus.model.event import Op
from databus.model.keys import event_id
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.store.batches import Batch, Said, Told
from department.http.world import ENTRY, EVENTS, PERSON, SERIOUS, SOURCE, TYPE, World, batch, codec, forgotten, key, payload

PATH = EVENTS.replace("/events", "/retractions")
OWN, OTHER = {"Authorization": "Bearer emergency"}, {"Authorization": "Bearer transport"}


@pytest.fixture
def sent(client: TestClient) -> dict[str, Any]:
    """Two penalties, published; the answer is their receipt."""
    items = [{"payload": payload(number)} for number in (1, 2)]
    answer = client.post(EVENTS, json=batch(*items), headers=OWN)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def known(world: World, sent: dict[str, Any], **before: Any) -> None:
    """The store has heard the batch; the second record was there before, in another wording."""
    told, said = {}, {}
    for number, one in enumerate(sent["submissions"]):
        name = event_id("in.emergency", one["partition"], one["offset"])
        of, seq = ("subject", TYPE, f"record-{number}"), _seq(world, one["submission_id"])
        told[name] = Told(name, one["submission_id"], of, "emergency", "http", "UPSERT", "content", seq, 1000, Kind.ADDED)
        own = Said(name, SOURCE, "content", seq, b"now", False, True, 1000, ENTRY, {}, None, None, None, None, None)
        said[of] = (own,) if not number or not before else (own, replace(own, **{"event_id": "before", "mark": b"was", **before}))
    world.past.batch = Batch(told, said, frozenset())


def _seq(world: World, submission_id: str) -> int:
    (found,) = [one["envelope"]["source_seq"] for one in world.sent() if one["envelope"]["submission_id"] == submission_id]
    return int(found)


def test_created_records_are_deleted_and_changed_ones_corrected_under_one_receipt(
    client: TestClient, world: World, sent: dict[str, Any]
) -> None:
    wording, label = payload(2, content="罚款人民币一万元"), _label(Publication.INTERNAL)
    known(world, sent, seq=7, payload=wording, valid_from=None, valid_to=None, decided_at=date(2026, 3, 1), label=label)
    before = len(world.sent())
    answer = client.post(PATH, json=sent, headers=OWN)
    told = answer.json()
    assert answer.status_code == 202 and told["counts"] == {"DELETE": 1, "CORRECT": 1, "REVOKE": 0, "REPAIR": 0} and told["left"] == []
    made = {
        one["envelope"]["op"]: one for one in world.sent() if one["envelope"]["submission_id"] in {row["by"] for row in told["results"]}
    }
    assert len(world.sent()) == before + 2
    first, second = (one["submission_id"] for one in sent["results"])
    delete, correct = made["DELETE"], made["CORRECT"]
    assert delete["envelope"]["source_seq"] == _seq(world, first) and delete["payload"]["doc_no"] == "吉应急罚〔2026〕1号"
    assert correct["envelope"]["source_seq"] > _seq(world, second) and correct["payload"]["content"] == "罚款人民币一万元"
    assert correct["envelope"]["publication_class"] == "INTERNAL" and correct["envelope"]["reason"]
    assert correct["envelope"]["decided_at"] == date(2026, 3, 1) and correct["envelope"]["subject"] == delete["envelope"]["subject"]
    assert receipt.verify({name: told[name] for name in ("receipt", "submissions")}, {str(key().kid): key()}).count == 2


def test_a_dry_run_tells_the_same_and_sends_nothing(client: TestClient, world: World, sent: dict[str, Any]) -> None:
    known(world, sent)
    before = len(world.sent())
    answer = client.post(PATH, json=sent, headers=OWN, params={"dry_run": "true"})
    assert answer.status_code == 200 and answer.json()["counts"]["DELETE"] == 2 and "receipt" not in answer.json()
    assert len(world.sent()) == before


def test_what_was_said_before_comes_as_it_was_sent_while_the_inbox_has_it(client: TestClient, world: World) -> None:
    first = client.post(EVENTS, json=batch({"payload": payload(2, content="原文"), "envelope": {"note": "备注"}}), headers=OWN).json()
    again = client.post(EVENTS, json=batch({"payload": payload(1)}, {"payload": payload(2)}), headers=OWN).json()
    place = first["submissions"][0]
    known(world, again, seq=7, payload={}, place=(place["partition"], place["offset"]))
    client.post(PATH, json=again, headers=OWN)
    (correct,) = [one for one in world.sent() if one["envelope"]["op"] == "CORRECT"]
    assert (correct["payload"]["content"], correct["envelope"]["note"]) == ("原文", "备注")


def test_a_source_that_counts_for_itself_is_counted_on(client: TestClient, world: World) -> None:
    items = [{"payload": payload(number), "envelope": {"source_seq": "41"}} for number in (1, 2)]
    sent = client.post(EVENTS, json=batch(*items), headers=OWN).json()
    known(world, sent, seq=40, payload=payload(2))
    client.post(PATH, json=sent, headers=OWN)
    seqs = {one["envelope"]["op"]: one["envelope"]["source_seq"] for one in world.sent()}
    assert (seqs["DELETE"], seqs["CORRECT"]) == (41, 42)


@pytest.mark.parametrize(("before", "op"), [(False, "DELETE"), (True, "CORRECT")])
async def test_what_the_inbox_has_forgotten_is_taken_back_by_what_the_store_knows(
    client: TestClient, world: World, before: bool, op: str
) -> None:
    sent = client.post(EVENTS, json=batch(SERIOUS), headers=OWN).json()
    await forgotten(world, sent, before=before)
    told = client.post(PATH, json=sent, headers=OWN).json()
    assert told["left"] == [] and told["counts"][op] == told["retracted"] == 1, told
    (made,) = world.sent()
    assert (made["envelope"]["op"], made["envelope"]["severity"], made["envelope"]["secrecy"]) == (op, "SERIOUS", "WORK_SECRET")
    assert made["envelope"]["subject"]["uscc"] == SERIOUS["payload"]["uscc"] and made["envelope"]["legal_basis"] == "安全生产法"
    assert made["payload"]["doc_no"] == SERIOUS["payload"]["doc_no"] and str(made["payload"]["fine_yuan"]) == "2000.00"


@pytest.mark.parametrize(("before", "op"), [(False, "DELETE"), (True, "CORRECT")])
async def test_what_was_said_of_a_person_is_taken_back_under_the_persons_number(
    client: TestClient, world: World, before: bool, op: str
) -> None:
    sent = client.post(EVENTS, json=batch({"payload": payload(1, **PERSON)}), headers=OWN).json()
    lain = world.inbox.of("in.emergency")[0].key
    await forgotten(world, sent, before=before)
    told = client.post(PATH, json=sent, headers=OWN).json()
    assert told["left"] == [] and told["counts"][op] == told["retracted"] == 1, told
    (made,) = world.sent()
    subject = {name: value for name, value in made["envelope"]["subject"].items() if value}
    assert subject == {"kind": "PERSON", "name": "样本乙", "id_type": "RIC", "id_number": PERSON["person_id_no"]}
    assert world.inbox.of("in.emergency")[0].key == lain, "the inbox keeps what is said of one person in its order"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"stated": None}, "GONE"),
        ({"payload": None}, "GONE"),
        ({"payload": {"doc_no": "吉应急罚〔2026〕9号"}}, "GONE"),
        ({"codes": {"CN-USCI": "91220000YYYY00012A"}}, "GONE"),
        ({"mark": b"another content"}, "GONE"),
        ({"kind": "PERSON", "codes": {}, "name": ""}, "GONE"),
    ],
)
async def test_what_cannot_be_proved_to_be_what_was_said_is_left_and_told(
    client: TestClient, world: World, more: dict[str, Any], why: str
) -> None:
    sent = client.post(EVENTS, json=batch(SERIOUS), headers=OWN).json()
    await forgotten(world, sent, before=True, **more)
    told = client.post(PATH, json=sent, headers=OWN).json()
    assert told["retracted"] == 0 and not world.sent(), told
    (left,) = told["left"]
    assert left["why"] == why and left["message"]["zh"] and left["message"]["en"]


def test_what_is_left_is_listed_with_the_reason(client: TestClient, world: World, sent: dict[str, Any]) -> None:
    known(world, sent)
    told = dict(world.past.batch.told)
    name, one = told.popitem()
    said = {of: tuple(replace(one, seq=one.seq + 1, event_id="later") for one in found) for of, found in world.past.batch.said.items()}
    world.past.batch = Batch(told, said, frozenset({name}))
    answer = client.post(PATH, json=sent, headers=OWN)
    assert answer.status_code == 200 and answer.json()["retracted"] == 0
    left = {row["why"]: row for row in answer.json()["left"]}
    assert left["REFUSED"]["submission_id"] == one.submission_id and left["CHANGED"]["message"]["zh"]


def test_a_batch_that_is_still_on_its_way_waits(client: TestClient, sent: dict[str, Any]) -> None:
    answer = client.post(PATH, json=sent, headers=OWN)
    assert answer.status_code == 409 and answer.json()["pending"] == 2


@pytest.mark.parametrize("spoil", ["list", "signature", "nothing", "text", "other"])
def test_what_is_no_receipt_of_theirs_takes_nothing_back(client: TestClient, world: World, sent: dict[str, Any], spoil: str) -> None:
    known(world, sent)
    before, headers, body = len(world.sent()), OWN, {name: sent[name] for name in ("receipt", "submissions")}
    if spoil == "list":
        body = {**body, "submissions": [{**one, "offset": one["offset"] + 1} for one in body["submissions"]]}
    elif spoil == "signature":
        body = {**body, "receipt": body["receipt"][:-4] + "AAAA"}
    elif spoil == "nothing":
        body = {}
    answer = client.post(PATH, json=["x"] if spoil == "text" else body, headers=OTHER if spoil == "other" else headers)
    assert answer.status_code in (400, 403, 422) and len(world.sent()) == before


def test_a_receipt_of_another_department_is_not_theirs(client: TestClient, sent: dict[str, Any]) -> None:
    assert client.post(PATH.replace("emergency", "transport"), json=sent, headers=OTHER).status_code == 403


def _label(publication: Publication) -> LabelClass:
    return LabelClass(TYPE, SubjectKind.ORGANISATION, publication, Commercial.NONE, Privacy.NONE, Standing.SHOWN, "emergency")


def test_what_is_sent_can_be_read_by_the_checker(client: TestClient, world: World, sent: dict[str, Any]) -> None:
    known(world, sent)
    client.post(PATH, json=sent, headers=OWN)
    entry = next(one for one in world.inbox.of("in.emergency") if codec().decode(one.value or b"")[1]["envelope"]["op"] == Op.DELETE)
    assert dict(entry.headers)["databus-submission-id"]
