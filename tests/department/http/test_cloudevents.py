"""CloudEvents 1.0.2 in all three modes, and every way to get an attribute wrong."""

from __future__ import annotations

import base64
import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from databus.department.http import cloudevents, strict
from databus.department.http.cloudevents import CloudEvent
from databus.errors import Malformed
from department.http.world import EVENTS, TYPE, World, payload

STRUCTURED, BATCH = {"content-type": cloudevents.STRUCTURED}, {"content-type": cloudevents.BATCH}
ID = "0191e0a0-0000-7000-8000-00000000ce01"


def event(**more: Any) -> dict[str, Any]:
    told = {
        "specversion": "1.0",
        "id": ID,
        "source": "/emergency/cases",
        "type": f"databus.{TYPE}",
        "time": "2026-09-03T08:30:00.123456789+08:00",
        "datacontenttype": "application/json",
        "dataschema": f"http://intake/registry/subjects/databus.{TYPE}/versions/1",
        "subject": "91220102YYYY000207",
        "data": {"payload": payload(1)},
    }
    return {name: one for name, one in {**told, **more}.items() if one is not ...}


def headers(told: dict[str, Any]) -> dict[str, str]:
    found = {f"ce-{name}": str(one) for name, one in told.items() if name not in ("data", "datacontenttype")}
    return {**found, "content-type": told.get("datacontenttype", "application/json")}


def test_a_structured_event_becomes_a_submission(client: TestClient, world: World) -> None:
    answer = client.post(EVENTS, content=json.dumps(event(sequence="7", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")), headers=STRUCTURED)
    assert answer.status_code == 202, answer.json()
    [sent], [entry] = world.sent(), world.inbox.of("in.emergency")
    envelope = sent["envelope"]
    assert (envelope["submission_id"], envelope["source_system"], envelope["source_seq"]) == (ID, "/emergency/cases", 7)
    assert envelope["recorded_at"] == 1_788_395_400_123
    assert dict(entry.headers)["traceparent"] == f"00-{'a' * 32}-{'b' * 16}-01".encode()


def test_binary_mode_says_the_same(client: TestClient, world: World) -> None:
    told = event()
    answer = client.post(EVENTS, content=json.dumps(told["data"]), headers={**headers(told), "ce-source": "%2Femergency/%63ases"})
    assert answer.status_code == 202, answer.json()
    assert client.post(EVENTS, content=json.dumps(told), headers=STRUCTURED).status_code == 202
    first, second = world.sent()
    assert first == second


def test_a_batch_takes_the_good_and_names_the_attribute_of_each_other(client: TestClient, world: World) -> None:
    told = [
        event(),
        event(id="b", data={"payload": payload(2)}),
        event(id="c", specversion="0.3"),
        event(id=...),
        7,
        event(id="d", type="databus.X"),
    ]
    answer = client.post(EVENTS, content=json.dumps(told), headers=BATCH)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2), answer.json()
    assert [result["problems"][0].get("attribute", "") for result in answer.json()["results"][2:]] == ["specversion", "id", "", "type"]


@pytest.mark.parametrize(
    ("told", "end"), [("databus.ADMIN_PENALTIES", "; is databus.ADMIN_PENALTY meant?"), ("x", "such as databus.ABNORMAL_OPERATION.")]
)
def test_what_may_have_been_meant_ends_the_sentence(client: TestClient, told: str, end: str) -> None:
    detail = client.post(EVENTS, content=json.dumps(event(type=told)), headers=STRUCTURED).json()["detail"]
    assert detail.endswith(end)


def test_data_may_be_in_base64(client: TestClient, world: World) -> None:
    body = event(data=..., data_base64=base64.b64encode(json.dumps({"payload": payload(1)}).encode()).decode())
    assert client.post(EVENTS, content=json.dumps(body), headers=STRUCTURED).status_code == 202
    assert world.sent()[0]["payload"]["doc_no"] == payload(1)["doc_no"]


def test_a_secret_in_base64_is_found(client: TestClient, world: World) -> None:
    inner = {"payload": payload(1), "envelope": {"secrecy": "MIMI"}}
    for body in (
        event(data=..., data_base64=base64.b64encode(json.dumps(inner).encode()).decode()),
        event(secrecy="JIMI"),
        event(data=inner),
    ):
        for content, kind in ((body, STRUCTURED), ([event(id="a"), body], BATCH)):
            answer = client.post(EVENTS, content=json.dumps(content), headers=kind)
            assert (answer.status_code, answer.json()["rule"]) == (422, "DQ-SEC-01")
    assert not world.inbox.taken


def test_an_event_sent_twice_has_one_id_whatever_the_batch(client: TestClient, world: World) -> None:
    for content in ([event(id="x")], [event(id="y", data={"payload": payload(2)}), event(id="x")]):
        assert client.post(EVENTS, content=json.dumps(content), headers=BATCH).status_code == 202
    ids = [one["envelope"]["submission_id"] for one in world.sent()]
    assert len(ids) == 3 and len(set(ids)) == 2


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"specversion": ...}, "specversion"),
    ({"specversion": "1.1"}, "specversion"),
    ({"specversion": 1.0}, "specversion"),
    ({"specversion": None}, "specversion"),
    ({"id": ""}, "id"),
    ({"id": 7}, "id"),
    ({"id": {"a": 1}}, "id"),
    ({"id": "a\x00b"}, "id"),
    ({"id": "a\x85b"}, "id"),
    ({"id": "a\ufffeb"}, "id"),
    ({"id": "x" * 3000}, "id"),
    ({"source": ...}, "source"),
    ({"source": "not a uri"}, "source"),
    ({"source": "http://[bad"}, "source"),
    ({"source": "%zz"}, "source"),
    ({"source": "中"}, "source"),
    ({"source": "/" + "x" * 64}, "source"),
    ({"type": ...}, "type"),
    ({"type": TYPE}, "type"),
    ({"type": True}, "type"),
    ({"time": "2026-09-03"}, "time"),
    ({"time": "2026-02-30T00:00:00Z"}, "time"),
    ({"time": "0000-01-01T00:00:00Z"}, "time"),
    ({"time": "2026-09-03 08:30:00Z"}, "time"),
    ({"time": 1789000003000}, "time"),
    ({"subject": ""}, "subject"),
    ({"dataschema": "/registry/subjects/x"}, "dataschema"),
    ({"dataschema": "http://elsewhere/schema.json"}, "dataschema"),
    ({"dataschema": "http://intake/registry/subjects/databus.LP_REGISTRATION/versions/1"}, "dataschema"),
    ({"datacontenttype": "application/xml"}, "datacontenttype"),
    ({"datacontenttype": "text/plain"}, "datacontenttype"),
    ({"data": ...}, "data"),
    ({"data": None}, "data"),
    ({"data": "text"}, "data"),
    ({"data": []}, "data"),
    ({"data": {"payload": []}}, "data"),
    ({"data_base64": "e30="}, "data_base64"),
    ({"data": ..., "data_base64": "!"}, "data_base64"),
    ({"data": ..., "data_base64": 7}, "data_base64"),
    ({"data": ..., "data_base64": "ew=="}, "data_base64"),
    ({"Extension": "x"}, "Extension"),
    ({"my_extension": "x"}, "my_extension"),
    ({"ext": {"a": 1}}, "ext"),
    ({"ext": [1]}, "ext"),
    ({"ext": 1.5}, "ext"),
    ({"ext": 2**31}, "ext"),
    ({"ext": "a\nb"}, "ext"),
]


@pytest.mark.parametrize(("change", "attribute"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_event_is_refused_by_the_name_of_its_attribute(
    client: TestClient, world: World, change: dict[str, Any], attribute: str
) -> None:
    answer = client.post(EVENTS, content=json.dumps(event(**change)), headers=STRUCTURED)
    assert (answer.status_code, answer.json().get("attribute")) == (400, attribute), answer.json()
    assert attribute in answer.json()["detail"] and not world.inbox.taken


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        ({"ce-specversion": ...}, "specversion"),
        ({"ce-id": ...}, "id"),
        ({"ce-id": "a%0d%0aevil: 1"}, "id"),
        ({"ce-id": "%ff"}, "id"),
        ({"ce-id": "50%"}, "id"),
        ({"ce-datacontenttype": "application/json"}, "datacontenttype"),
        ({"ce-data": "x"}, "data"),
        ({"ce-time": "now"}, "time"),
        ({"ce-a-b": "x"}, "a-b"),
        ({"ce-": "x"}, ""),
    ],
)
def test_a_malformed_header_is_refused_by_the_name_of_its_attribute(
    client: TestClient, world: World, change: dict[str, Any], attribute: str
) -> None:
    told = {name: one for name, one in {**headers(event()), **change}.items() if one is not ...}
    answer = client.post(EVENTS, content=json.dumps(event()["data"]), headers=told)
    assert (answer.status_code, answer.json().get("attribute")) == (400, attribute), answer.json()
    assert not world.inbox.taken


def test_a_header_given_twice_is_refused(client: TestClient) -> None:
    told = [*headers(event()).items(), ("ce-id", "another")]
    answer = client.post(EVENTS, content=json.dumps(event()["data"]), headers=told)
    assert (answer.status_code, answer.json()["attribute"]) == (400, "id")


def test_modes_do_not_mix(client: TestClient) -> None:
    for kind in (STRUCTURED, BATCH):
        assert client.post(EVENTS, content=json.dumps(event()), headers={**headers(event()), **kind}).status_code == 400
    assert client.post(EVENTS, content="[]", headers=BATCH).status_code == 400
    assert client.post(EVENTS, content=json.dumps(event()), headers=BATCH).status_code == 400
    other = client.post(EVENTS, content="<e/>", headers={"content-type": "application/cloudevents+xml"})
    assert (other.status_code, cloudevents.STRUCTURED in other.json()["accepted"]) == (415, True)


def test_binary_mode_without_a_content_type_is_json(client: TestClient, world: World) -> None:
    told = event()
    without = {name: one for name, one in headers(told).items() if name != "content-type"}
    answer = client.post(EVENTS, content=json.dumps(told["data"]), headers=without)
    assert (answer.status_code, len(world.sent())) == (202, 1), answer.json()


@pytest.mark.parametrize("kind", ["text/xml", "application/json; charset=utf-16", "application/avro", ""])
def test_binary_mode_in_another_kind_names_its_attribute(client: TestClient, world: World, kind: str) -> None:
    answer = client.post(EVENTS, content="<e/>", headers={**headers(event()), "content-type": kind})
    assert (answer.status_code, answer.json().get("attribute")) == (415, "datacontenttype"), answer.json()
    assert answer.json()["accepted"] and not world.inbox.taken


def test_a_quoted_header_is_read_as_the_binding_says() -> None:
    told = cloudevents.binary({**headers(event()), "ce-id": '"a\\"b%20c"'}.items(), {"payload": {}})
    assert told.id == 'a"b c'


ATTRIBUTES = st.sampled_from(
    ["specversion", "id", "source", "type", "time", "subject", "dataschema", "datacontenttype", "data", "data_base64", "ext"]
)
NASTY = st.text(max_size=20) | st.sampled_from(
    [
        "",
        "1.0",
        "\x00",
        "\ud800",
        "http://[",
        "%",
        "%00",
        "2026-13-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "٣",
        "e30=",
        "a" * 5000,
    ]
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | NASTY
    | st.lists(NASTY, max_size=2)
    | st.dictionaries(NASTY, NASTY, max_size=2)
)


def as_parsed(value: Any) -> Any:
    """The value as `strict.parse` gives it."""
    if isinstance(value, dict):
        return {name: as_parsed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_parsed(one) for one in value]
    return strict.Numeral(json.dumps(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


@settings(max_examples=600)
@given(st.dictionaries(ATTRIBUTES | st.text(max_size=5), VALUES, max_size=4), st.sets(ATTRIBUTES, max_size=2))
def test_no_json_makes_the_parser_crash_and_every_refusal_names_an_attribute(changes: dict[str, Any], without: set[str]) -> None:
    told = as_parsed({name: one for name, one in {**event(), **changes}.items() if name not in without})
    try:
        found = cloudevents.event_of(told)
    except Malformed as error:
        assert isinstance(error.facts["attribute"], str)
        error.detail.encode()
    else:
        assert isinstance(found, CloudEvent) and found.id and found.source and found.type
        assert all(isinstance(one, str | int | bool) for one in found.extensions.values())


LATIN = st.text(alphabet=string.printable + "ÿ\x85", max_size=20)


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ce-id", "ce-source", "CE-Type", "ce-time", "ce-x", "content-type", "ce-", "other"]), LATIN), max_size=4
    )
)
def test_no_headers_make_the_parser_crash(more: list[tuple[str, str]]) -> None:
    try:
        cloudevents.binary([*headers(event()).items(), *more], {"payload": {}})
    except Malformed as error:
        assert isinstance(error.facts["attribute"], str)


@settings(max_examples=200)
@given(st.lists(VALUES, max_size=4))
def test_a_batch_of_anything_is_as_many_events_or_refusals(values: list[Any]) -> None:
    found = cloudevents.batch_of(as_parsed(values))
    assert len(found) == len(values) and all(isinstance(one, CloudEvent | Malformed) for one in found)
