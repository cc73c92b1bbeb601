"""Receipts for what a publisher has written itself: only for what lies there, and only to its department."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from databus.bus.journal import Entry
from databus.department import receipt
from department.http.world import EVENTS, World, batch, key, payload

RECEIPTS = "/v1/departments/emergency/receipts"


@pytest.fixture
def claims(client: TestClient) -> list[dict[str, Any]]:
    """What a publisher would be told of three submissions that lie in the inbox."""
    answer = client.post(EVENTS, json=batch(*({"payload": payload(number)} for number in range(3))))
    return [{name: one[name] for name in ("submission_id", "partition", "offset", "sha256")} for one in answer.json()["submissions"]]


def test_what_lies_there_is_receipted_with_the_brokers_times(client: TestClient, world: World, claims: list[dict[str, Any]]) -> None:
    answer = client.post(RECEIPTS, json={"submissions": claims, "source_sha256": "ab" * 32})
    assert answer.status_code == 201, answer.text
    told = receipt.verify(answer.json(), {str(key().kid): key()}, source_sha256="ab" * 32)
    assert (told.count, told.topic, told.positions[0].since) == (3, "in.emergency", world.inbox.at)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"offset": 7}, "nothing"),
        ({"partition": 2}, "nothing"),
        ({"offset": 1}, "another hash"),
        ({"sha256": "00" * 32}, "another hash"),
        ({"submission_id": "0191e0a0-0000-7000-8000-000000000003"}, "another id"),
    ],
)
def test_what_does_not_lie_there_is_not(client: TestClient, claims: list[dict[str, Any]], change: dict[str, Any], said: str) -> None:
    answer = client.post(RECEIPTS, json={"submissions": [{**claims[0], **change}]})
    assert answer.status_code == 422 and said in answer.json()["detail"], answer.text


async def test_the_id_of_a_foreign_clients_record_is_that_of_its_envelope(
    client: TestClient, world: World, claims: list[dict[str, Any]]
) -> None:
    entry = world.inbox.of("in.emergency")[0]
    [place, garbage] = await world.inbox.append_all("in.emergency", [Entry(entry.key, entry.value), Entry(b"k", b"v")])
    told = {"partition": place.partition, "offset": place.offset, "sha256": receipt.digest(entry.key, entry.value, ())}
    assert client.post(RECEIPTS, json={"submissions": [{**told, "submission_id": claims[0]["submission_id"]}]}).status_code == 201
    assert client.post(RECEIPTS, json={"submissions": [{**told, "submission_id": "made-up"}]}).status_code == 422
    other = {"partition": garbage.partition, "offset": garbage.offset, "sha256": receipt.digest(b"k", b"v", ()), "submission_id": "x"}
    assert client.post(RECEIPTS, json={"submissions": [other]}).status_code == 422


@pytest.mark.parametrize(
    ("who", "status"), [({}, 401), ({"authorization": "Bearer transport"}, 403), ({"authorization": "Bearer agency"}, 403)]
)
def test_nobody_else_gets_one(world: World, claims: list[dict[str, Any]], who: dict[str, str], status: int) -> None:
    with TestClient(world.app) as client:
        assert client.post(RECEIPTS, json={"submissions": claims}, headers=who).status_code == status


ONE = {"submission_id": "a", "partition": 0, "offset": 0, "sha256": "00" * 32}
SHAPES: list[tuple[Any, int]] = [
    ([], 400),
    ({}, 400),
    ({"submissions": []}, 400),
    ({"submissions": [7]}, 400),
    ({"submissions": [ONE], "more": 1}, 400),
    ({"submissions": [{**ONE, "more": 1}]}, 400),
    ({"submissions": [{**ONE, "offset": "0"}]}, 400),
    ({"submissions": [{**ONE, "offset": -1}]}, 400),
    ({"submissions": [{**ONE, "offset": 1.0}]}, 400),
    ({"submissions": [{**ONE, "partition": 2**40}]}, 400),
    ({"submissions": [{**ONE, "sha256": "AB" * 32}]}, 400),
    ({"submissions": [{**ONE, "submission_id": ""}]}, 400),
    ({"submissions": [ONE, ONE]}, 400),
    ({"submissions": [ONE], "source_sha256": "x"}, 400),
    ({"submissions": [ONE, {**ONE, "offset": 60_000}]}, 413),
    ({"submissions": [{**ONE, "offset": number} for number in range(10_001)]}, 413),
]


@pytest.mark.parametrize(("body", "status"), SHAPES, ids=range(len(SHAPES)))
def test_another_shape_is_a_typed_problem(client: TestClient, body: Any, status: int) -> None:
    answer = client.post(RECEIPTS, json=body)
    assert answer.status_code == answer.json()["status"] == status, answer.text
