"""Every error leaves as a problem with a page, in the right form, and says no more than it may."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from databus import errors
from databus.web import problems
from databus.web.application import application
from databus.web.languages import LANGUAGES, load_texts
from databus.web.pages import load_pages

SECRET = "220000190001010018"


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = APIRouter()

    @routes.get("/v1/raise/{name}")
    async def raising(name: str) -> None:
        kind = next(kind for kind in problems.tree() if kind.__name__ == name)
        raise kind("one sentence", fact="a fact", title="not this", cause=SECRET)

    @routes.get("/v1/defect")
    async def defect() -> None:
        raise FileNotFoundError(SECRET)

    @routes.get("/v1/number/{number}")
    async def number(number: int) -> int:
        return number

    app = application([routes], pages=load_pages(), title="t", version="1", summary="s")
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("kind", problems.tree(), ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem_with_a_page(client: TestClient, kind: type[errors.DatabusError]) -> None:
    answer = client.get(f"/v1/raise/{kind.__name__}")
    body = answer.json()
    assert answer.status_code == body["status"] == kind.status
    assert answer.headers["content-type"] == problems.MEDIA_TYPE and body["title"] == kind.title
    assert client.get(body["type"]).status_code == 200
    if kind.status < 500:
        assert body["detail"] == "one sentence" and body["fact"] == "a fact"
    else:
        assert SECRET not in answer.text and "one sentence" not in answer.text and "fact" not in body


def test_all_problems_have_texts_in_both_languages() -> None:
    texts = load_texts()
    for language in LANGUAGES:
        for code in problems.codes():
            assert texts[language][f"problem.{code}.title"] and texts[language][f"problem.{code}.text"]


def test_a_defect_is_logged_by_place_and_never_by_value(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/v1/defect", headers={"Databus-Request-Id": "mine-1"})
    assert answer.status_code == 500 and answer.json()["type"] == "/problems/databus-error"
    assert SECRET not in answer.text and "Traceback" not in answer.text
    assert answer.headers["Databus-Request-Id"] == "mine-1"
    logged = next(record for record in caplog.records if record.name == "databus.web")
    assert logged.__dict__["request_id"] == "mine-1" and "defect" in repr(logged.__dict__["frames"])
    assert SECRET not in repr(logged.__dict__)


def test_a_wrong_parameter_names_its_place_and_not_its_value(client: TestClient) -> None:
    answer = client.get(f"/v1/number/x{SECRET}")
    assert answer.status_code == 400 and answer.json()["errors"][0]["at"] == "path.number"
    assert SECRET not in answer.text


def test_unknown_paths_and_methods(client: TestClient) -> None:
    assert client.get("/v1/nothing").json()["type"] == "/problems/not-found"
    refused = client.delete("/v1/defect")
    assert refused.status_code == 405 and refused.json()["type"] == "/problems/method-not-allowed" and refused.headers["Allow"] == "GET"
    assert client.get("/problems/method-not-allowed").status_code == 200


def test_a_browser_gets_a_page_and_a_program_a_document(client: TestClient) -> None:
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html") and page.status_code == 404
    assert client.get("/nothing").headers["content-type"] == problems.MEDIA_TYPE
    assert client.get("/v1/nothing", headers={"Accept": "text/html"}).headers["content-type"] == problems.MEDIA_TYPE


@pytest.mark.parametrize("told", ["a b", "x" * 65, "ü", "a\tb", ""])
def test_an_id_that_is_none_is_replaced(client: TestClient, told: str) -> None:
    answer = client.get("/problems", headers={"Databus-Request-Id": told.encode()})
    assert answer.headers["Databus-Request-Id"] not in (told, "") and len(answer.headers["Databus-Request-Id"]) == 36


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/problems", "/nothing", "/v1/defect", "/static/databus.css", "/openapi.json"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Content-Security-Policy"].startswith("default-src 'none'") and "unsafe" not in headers["Content-Security-Policy"]


def test_head_and_options(client: TestClient) -> None:
    head, get = client.head("/problems"), client.get("/problems")
    assert head.status_code == 200 and head.content == b"" and head.headers["ETag"] == get.headers["ETag"]
    asked = client.options("/v1/defect")
    assert asked.status_code == 204 and asked.headers["Allow"] == "GET, HEAD, OPTIONS" and asked.content == b""
    assert client.options("/v1/nothing").status_code == 404


def test_pages_have_no_scripts_and_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/docs", "/problems", "/problems/gone"):
        text = client.get(path).text
        assert "<script" not in text and "http://" not in text and "https://" not in text and "style=" not in text
    assert "url(" not in client.get("/static/databus.css").text
