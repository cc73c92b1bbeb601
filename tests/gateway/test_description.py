"""The description of the API says what the routes do."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

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
