"""The description of the API says what the routes do."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from gateway.world import USCC, World, example, label

PATHS = {
    "/v1/subjects",
    "/v1/subjects/{code}",
    "/v1/subjects/resolve",
    "/v1/profiles/{code}",
    "/v1/datasets",
    "/v1/datasets/{dataset}",
    "/v1/datasets/{dataset}/records",
    "/v1/datasets/{dataset}/exports/csv",
    "/v1/datasets/{dataset}/exports/jsonl",
    "/v1/feeds",
    "/v1/feeds/{feed}/events",
}


def test_every_operation_is_described_with_its_refusals(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1") and set(told["paths"]) == PATHS
    for path, operations in told["paths"].items():
        for operation in operations.values():
            assert operation["summary"] and operation["description"], path
            assert "422" not in operation["responses"] and "application/problem+json" in operation["responses"]["400"]["content"]
            assert all(one.get("description") for one in operation.get("parameters", ())), path
    assert "HTTPValidationError" not in told["components"]["schemas"]
    assert {"401", "404"} <= set(told["paths"]["/v1/profiles/{code}"]["get"]["responses"])


def test_the_page_shows_every_operation(client: TestClient) -> None:
    page = client.get("/docs").text
    assert all(path in page for path in PATHS)
    assert not re.search(r"\b\d{17}[0-9X]\b", page.replace("220000190001010018", "")), "examples are synthetic"


@pytest.mark.parametrize(
    ("path", "asked", "accept", "status"),
    [
        ("/v1/datasets", "/v1/datasets", "", 200),
        ("/v1/datasets/{dataset}/records", "/v1/datasets/penalties/records", "", 200),
        ("/v1/datasets/{dataset}/records", "/v1/datasets/penalties/records", "text/csv", 200),
        ("/v1/datasets/{dataset}/records", "/v1/datasets/nothing/records", "", 404),
        ("/v1/datasets/{dataset}/records", "/v1/datasets/penalties/records?limit=x", "", 400),
        ("/v1/datasets/{dataset}/exports/csv", "/v1/datasets/penalties/exports/csv", "", 200),
        ("/v1/datasets/{dataset}/exports/jsonl", "/v1/datasets/penalties/exports/jsonl", "", 200),
        ("/v1/subjects", "/v1/subjects?q=样例", "", 200),
        ("/v1/subjects/{code}", f"/v1/subjects/{USCC}", "", 200),
        ("/v1/subjects/{code}", "/v1/subjects/91220000YYYY00012A", "", 404),
        ("/v1/profiles/{code}", f"/v1/profiles/{USCC}", "", 401),
        ("/v1/feeds/{feed}/events", "/v1/feeds/changes/events", "emergency", 200),
        ("/v1/feeds/{feed}/events", "/v1/feeds/nothing/events", "emergency", 404),
    ],
)
def test_what_is_answered_is_described(client: TestClient, world: World, path: str, asked: str, accept: str, status: int) -> None:
    world.put(label("ADMIN_PENALTY"), example("ADMIN_PENALTY"))
    token = {"Authorization": f"Bearer {accept}"} if accept == "emergency" else {"Accept": accept} if accept else {}
    answer = client.get(asked, headers=token)
    assert answer.status_code == status
    described = client.get("/openapi.json").json()["paths"][path]["get"]["responses"][str(status)]
    assert answer.headers["content-type"].partition(";")[0] in described["content"]


def test_files_and_streams_are_described_as_nothing_else(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    kinds = {path: list(one["get"]["responses"]["200"]["content"]) for path, one in paths.items() if "exports" in path or "feed}" in path}
    assert kinds == {
        "/v1/datasets/{dataset}/exports/csv": ["text/csv"],
        "/v1/datasets/{dataset}/exports/jsonl": ["application/x-ndjson"],
        "/v1/feeds/{feed}/events": ["application/x-ndjson"],
    }
