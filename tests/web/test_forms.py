"""Forms: bounded, each field once, and nothing but forms."""

from __future__ import annotations

import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.testclient import TestClient

from databus.web.application import application
from databus.web.forms import KIND, form_of
from databus.web.pages import load_pages


@pytest.fixture
def client() -> TestClient:
    routes = APIRouter()

    @routes.post("/form")
    async def form(request: Request) -> dict[str, str]:
        return dict(await form_of(request, limit=2_000))

    return TestClient(application([routes], pages=load_pages(), title="t", version="1", summary="s"))


def test_fields_come_as_they_were_written(client: TestClient) -> None:
    assert client.post("/form", data={"a": "一\r\n二 & + =", "b": ""}).json() == {"a": "一\n二 & + =", "b": ""}
    assert client.post("/form", content=b"", headers={"content-type": KIND}).json() == {}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=1&a=2", KIND, 400),
        (b"a", KIND, 400),
        (b"a=%ff", KIND, 400),
        (b"a=\xff", KIND, 400),
        (b"&".join(b"f%d=" % number for number in range(300)) * 4, KIND, 413),
        (b"a=1", "text/plain", 415),
        (b'{"a": 1}', "application/json", 415),
    ],
)
def test_what_is_no_form_is_refused(client: TestClient, body: bytes, kind: str, status: int) -> None:
    assert client.post("/form", content=body, headers={"content-type": kind}).status_code == status
