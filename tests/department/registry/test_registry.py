"""`/registry` as clients of the Confluent API know it: answers, error codes, content types; nothing can be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from databus.bus.registered import Registered
from databus.bus.registry import Entry
from databus.contract import catalogue
from databus.contract.schemas import Schema
from databus.department.registry.routes import application
from databus.errors import BusUnavailable
from databus.settings import CHECKOUT

TYPE, ENVELOPE = "databus.ADMIN_PENALTY", "databus.Envelope"
V1 = "application/vnd.schemaregistry.v1+json"


def entries(schemas: Sequence[Schema]) -> list[Entry]:
    return [Entry(number, schema, dict.fromkeys(schema.references, 1)) for number, schema in enumerate(schemas, start=1)]


@pytest.fixture(scope="module")
def released() -> list[Entry]:
    return entries(catalogue.load(CHECKOUT / "schemas").schemas)


def client_of(read: Callable[[], Sequence[Entry]], **options: float) -> TestClient:
    app = FastAPI()
    app.mount("/registry", application(Registered(read, **options)))
    return TestClient(app, base_url="http://test/registry")


@pytest.fixture
def client(released: list[Entry]) -> Iterator[TestClient]:
    with client_of(lambda: released) as made:
        yield made


def body(entry: Entry, **more: Any) -> dict[str, Any]:
    listed = [{"name": name, "subject": name, "version": version} for name, version in entry.versions.items()]
    return {"schema": entry.schema.text, "references": listed, **more}


def error(answer: httpx.Response, code: int) -> str:
    found = answer.json()
    assert found["error_code"] == code and answer.status_code == int(str(code)[:3]), (answer.status_code, found)
    return str(found["message"])


def test_subjects_versions_and_ids_lead_to_the_same_schema(client: TestClient, released: list[Entry]) -> None:
    entry = next(one for one in released if one.schema.name == TYPE)
    assert TYPE in client.get("/subjects").json() and client.get("/subjects", params={"subjectPrefix": "none"}).json() == []
    assert client.get(f"/subjects/{TYPE}/versions").json() == [1]
    for version in ("1", "latest", "-1"):
        found = client.get(f"/subjects/{TYPE}/versions/{version}").json()
        assert found == {"subject": TYPE, "version": 1, "id": entry.schema_id, **body(entry)}
    by_id = client.get(f"/schemas/ids/{entry.schema_id}", params={"fetchMaxId": "true"}).json()
    assert by_id == {**body(entry), "maxId": len(released)}
    assert client.get(f"/schemas/ids/{entry.schema_id}/subjects").json() == [TYPE]
    assert client.get(f"/schemas/ids/{entry.schema_id}/versions").json() == [{"subject": TYPE, "version": 1}]
    texts = [client.get(path).text for path in (f"/schemas/ids/{entry.schema_id}/schema", f"/subjects/{TYPE}/versions/1/schema")]
    assert texts == [entry.schema.text] * 2
    assert client.get("/schemas/types").json() == ["AVRO"]
    every = client.get("/schemas").json()
    assert [one["id"] for one in every] == [one.schema_id for one in released]


def test_who_references_a_schema_is_told(client: TestClient, released: list[Entry]) -> None:
    found = client.get(f"/subjects/{ENVELOPE}/versions/1/referencedby").json()
    assert found == [one.schema_id for one in released if ENVELOPE in one.versions] and found
    assert client.get(f"/subjects/{TYPE}/versions/1/referencedby").json() == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/subjects/nobody/versions", 40401),
        ("/subjects/nobody/versions/1", 40401),
        (f"/subjects/{TYPE}/versions/9", 40402),
        (f"/subjects/{TYPE}/versions/0", 42202),
        (f"/subjects/{TYPE}/versions/first", 42202),
        (f"/subjects/{TYPE}/versions/{2**31}", 42202),
        ("/schemas/ids/999", 40403),
        ("/schemas/ids/999/versions", 40403),
        ("/schemas/ids/one", 404),
        (f"/config/{TYPE}", 40408),
        (f"/mode/{TYPE}", 40409),
        ("/nothing", 404),
    ],
)
def test_what_is_not_there_has_the_code_clients_go_by(client: TestClient, path: str, code: int) -> None:
    assert error(client.get(path), code)


def test_a_subject_named_after_a_topic_is_told_the_strategy(client: TestClient) -> None:
    assert "RecordNameStrategy" in error(client.get("/subjects/in.emergency-value/versions"), 40401)


def test_level_and_mode_are_those_of_all_subjects(client: TestClient) -> None:
    assert client.get("/config").json() == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert client.get("/mode").json() == {"mode": "READONLY"}
    assert client.get(f"/config/{TYPE}", params={"defaultToGlobal": "true"}).json() == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert client.get(f"/mode/{TYPE}", params={"defaultToGlobal": "true"}).json() == {"mode": "READONLY"}


def test_a_schema_is_found_by_its_text_however_it_is_spaced(client: TestClient, released: list[Entry]) -> None:
    entry = next(one for one in released if one.schema.name == TYPE)
    spaced = json.dumps(json.loads(entry.schema.text), indent=3, sort_keys=True)
    found = client.post(f"/subjects/{TYPE}", json=body(entry, schema=spaced)).json()
    assert (found["id"], found["version"], found["subject"]) == (entry.schema_id, 1, TYPE)
    error(client.post(f"/subjects/{TYPE}", json={"schema": '{"type": "record", "name": "X", "fields": []}'}), 40403)
    error(client.post("/subjects/nobody", json=body(entry)), 40401)
    assert "Envelope" in error(client.post(f"/subjects/{TYPE}", json=body(entry, references=[])), 42201)


def test_registering_what_is_there_gives_its_id_and_nothing_else_can_be_registered(client: TestClient, released: list[Entry]) -> None:
    entry = next(one for one in released if one.schema.name == TYPE)
    assert client.post(f"/subjects/{TYPE}/versions", json=body(entry)).json() == {"id": entry.schema_id}
    new = '{"type": "record", "name": "X", "namespace": "databus", "fields": []}'
    for answer in (
        client.post(f"/subjects/{TYPE}/versions", json={"schema": new}),
        client.post("/subjects/databus.X/versions", json={"schema": new}),
        client.delete(f"/subjects/{TYPE}"),
        client.delete(f"/subjects/{TYPE}/versions/1"),
        client.put("/config", json={"compatibility": "NONE"}),
        client.put(f"/config/{TYPE}", json={"compatibility": "NONE"}),
        client.put("/mode", json={"mode": "READWRITE"}),
    ):
        assert "released" in error(answer, 42205)


def changed(entry: Entry, change: Callable[[list[Any]], None]) -> dict[str, Any]:
    schema = json.loads(entry.schema.text)
    change(next(field for field in schema["fields"] if field["name"] == "payload")["type"]["fields"])
    return body(entry, schema=json.dumps(schema))


def test_a_new_version_is_compared_with_the_old_ones(client: TestClient, released: list[Entry]) -> None:
    entry = next(one for one in released if one.schema.name == TYPE)
    label = {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "zh": "新", "en": "new"}
    wider = changed(entry, lambda fields: fields.append({"name": "added", "type": ["null", "string"], "default": None, **label}))
    assert client.post(f"/compatibility/subjects/{TYPE}/versions/latest", json=wider).json() == {"is_compatible": True}
    unlabelled = changed(entry, lambda fields: fields.append({"name": "added", "type": ["null", "string"], "default": None}))
    broken = changed(entry, lambda fields: fields.append({"name": "added", "type": "string", **label}))
    for candidate, said in ((unlabelled, "label"), (broken, "default")):
        found = client.post(f"/compatibility/subjects/{TYPE}/versions?verbose=True", json=candidate).json()
        assert found["is_compatible"] is False and "added" in found["messages"][0] and said in found["messages"][0]
    assert client.post(f"/compatibility/subjects/{TYPE}/versions/1", json={"schema": '"string"'}).json() == {"is_compatible": False}
    assert client.post("/compatibility/subjects/nobody/versions", json=body(entry)).json() == {"is_compatible": True}
    error(client.post("/compatibility/subjects/nobody/versions/latest", json=body(entry)), 40401)
    error(client.post(f"/compatibility/subjects/{TYPE}/versions/7", json=body(entry)), 40402)


HOSTILE = [
    {"schema": "{"},
    {"schema": '{"type": "nonsense"}'},
    {"schema": "[" * 5000},
    {"schema": '{"type":' * 60 + '"string"' + "}" * 60},
    {"schema": '{"type": "record", "name": 5, "fields": 7}'},
    {"schema": '{"type": "record", "name": "a b", "fields": [{"name": "x"}]}'},
    {"schema": '{"type": "enum", "name": "E", "symbols": [NaN]}'},
    {"schema": ""},
    {},
    {"schema": '"string"', "schemaType": "PROTOBUF"},
    {"schema": '"string"', "references": [{"name": "a"}]},
    {"schema": '"string"', "references": [{"name": "a", "subject": "b", "version": 99}]},
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("path", [f"/subjects/{TYPE}", f"/subjects/{TYPE}/versions", f"/compatibility/subjects/{TYPE}/versions/latest"])
def test_what_is_no_schema_is_refused_as_that(client: TestClient, path: str, hostile: dict[str, Any]) -> None:
    error(client.post(path, json=hostile), 42201)


def test_a_body_that_is_no_json_too_large_or_of_another_kind_is_refused(client: TestClient) -> None:
    path = f"/subjects/{TYPE}"
    error(client.post(path, content=b"{", headers={"content-type": V1}), 400)
    error(client.post(path, content=b"{}", headers={"content-type": "text/plain"}), 415)
    error(client.post(path, content=b" " * 300_000, headers={"content-type": V1}), 413)
    error(client.post(path, content=b"x", headers={"content-type": V1, "content-encoding": "gzip"}), 415)
    error(client.post("/schemas/types"), 405)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", V1), (V1, V1), ("application/json", "application/json"), ("text/html, application/json;q=0.2", "application/json")],
)
def test_the_answer_is_of_a_kind_that_was_asked_for(client: TestClient, accept: str, kind: str) -> None:
    assert client.get("/subjects", headers={"accept": accept}).headers["content-type"] == kind


def test_a_kind_it_has_not_is_not_acceptable(client: TestClient) -> None:
    error(client.get("/subjects", headers={"accept": "text/html"}), 406)


def test_a_version_released_meanwhile_is_found_and_made_up_ones_do_not_keep_the_bus_busy(released: list[Entry]) -> None:
    known, instant, asked = list(released[:-1]), [0.0], list[int]()

    def read() -> list[Entry]:
        asked.append(len(known))
        return list(known)

    with client_of(read, old=100.0, rest=1.0, clock=lambda: instant[0]) as client:  # type: ignore[arg-type]
        last = released[-1]
        for _ in range(5):
            error(client.get(f"/schemas/ids/{last.schema_id}"), 40403)
        assert len(asked) == 1
        known.append(last)
        instant[0] = 2.0
        assert client.get(f"/schemas/ids/{last.schema_id}").status_code == 200
        instant[0] = 200.0
        client.get("/subjects")
        assert len(asked) == 3


def test_what_was_read_stays_good_while_the_bus_is_away(released: list[Entry]) -> None:
    away, instant = [False], [0.0]

    def read() -> list[Entry]:
        if away[0]:
            raise BusUnavailable("away")
        return released

    with client_of(read, clock=lambda: instant[0]) as client:  # type: ignore[arg-type]
        assert client.get("/subjects").status_code == 200
        away[0], instant[0] = True, 1000.0
        assert client.get("/subjects").status_code == 200
    away[0] = True
    with client_of(read) as client:
        answer = client.get("/subjects")
        assert (answer.status_code, answer.json()["error_code"]) == (503, 50001)
