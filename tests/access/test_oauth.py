"""The token endpoint, as RFC 6749 tells clients to expect it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI

from databus.access.attempts import TOKENS, WINDOW, Attempts
from databus.access.oauth import router
from databus.access.secrets import Hashing
from databus.access.tokens import signing, verify
from databus.model.disclosure import Caller, Role
from databus.ports import Counts
from databus.store.accounts import Account
from databus.testing.counts import MemoryCounts

OURS = signing(
    ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ),
    issuer="databus",
    audience="gateway",
)
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
FAST = Hashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
SECRET = "a secret: with+odd%characters"
ACCOUNTS = {
    "agency-north": Account("agency-north", FAST.hasher.hash(SECRET), Role.AGENCY, "agency-north", NOW, False),
    "closed": Account("closed", FAST.hasher.hash(SECRET), Role.AGENCY, "agency-north", NOW, True),
    "spoilt": Account("spoilt", "not a hash", Role.AGENCY, "agency-north", NOW, False),
}


async def find(client_id: str) -> Account | None:
    return ACCOUNTS.get(client_id)


def process(counts: Counts, instant: list[datetime]) -> httpx.AsyncClient:
    """One of the processes that give out tokens; the address is told by a header."""
    app = FastAPI()
    attempts = Attempts(counts, lambda: instant[0], TOKENS)
    app.include_router(
        router(
            find=find,
            hashing=FAST,
            signing=OURS,
            clock=lambda: instant[0],
            attempts=attempts,
            address=lambda request: request.headers.get("from", "here"),
        )
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with process(MemoryCounts(), [NOW]) as made:
        yield made


def form(**changes: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": "agency-north", "client_secret": SECRET, **changes}


def basic(client_id: str, secret: str) -> dict[str, str]:
    from urllib.parse import quote_plus

    return {"Authorization": "Basic " + base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()}


async def test_a_client_gets_a_token_by_form_or_by_header(http: httpx.AsyncClient) -> None:
    by_form = await http.post("/oauth/token", data=form())
    by_header = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=basic("agency-north", SECRET))
    for answer in (by_form, by_header):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
        assert verify(body["access_token"], OURS, now=NOW) == Caller("agency-north", Role.AGENCY, "agency-north")


@pytest.mark.parametrize(
    "wrong", [{"client_secret": "no"}, {"client_id": "nobody"}, {"client_id": "closed"}, {"client_id": "spoilt"}, {"client_id": "a\x00b"}]
)
async def test_every_wrong_client_hears_the_same(http: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    answer = await http.post("/oauth/token", data=form(**wrong))
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "the client is not known by this secret"}


async def test_a_wrong_client_by_header_is_challenged(http: httpx.AsyncClient) -> None:
    for headers in (
        basic("agency-north", "no"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic YQ=="},
    ):
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"client_id": "agency-north", "client_secret": SECRET}, "invalid_request"),
        (form(grant_type="password"), "unsupported_grant_type"),
        (form(scope="everything"), "invalid_scope"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        (form(client_secret=""), "invalid_client"),
    ],
)
async def test_requests_that_cannot_be_granted(http: httpx.AsyncClient, sent: dict[str, str], error: str) -> None:
    assert (await http.post("/oauth/token", data=sent)).json()["error"] == error


async def test_bodies_that_cannot_be_read(http: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for answer in (
        await http.post("/oauth/token", json=form()),
        await http.post("/oauth/token", content=b"grant_type=a&grant_type=b", headers=kind),
        await http.post("/oauth/token", content=b"\xff\xfe", headers=kind),
        await http.post("/oauth/token", content=b"a=" + b"b" * 20_000, headers=kind),
        await http.post("/oauth/token", content="&".join(f"a{i}=1" for i in range(50)).encode(), headers=kind),
        await http.post("/oauth/token", data=form(), headers=basic("agency-north", SECRET)),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_the_key_set_is_public(http: httpx.AsyncClient) -> None:
    answer = await http.get("/.well-known/jwks.json")
    assert answer.json()["keys"][0]["kid"] == OURS.key.kid
    assert "d" not in answer.json()["keys"][0]


async def test_the_form_is_described(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()["paths"]["/oauth/token"]["post"]
    assert "application/x-www-form-urlencoded" in described["requestBody"]["content"]


async def test_whoever_guesses_is_stopped_by_all_processes_together_and_nobody_else_is(counts: Counts) -> None:
    instant = [NOW]
    async with process(counts, instant) as one, process(counts, instant) as other:
        guesses = [
            await (one if number % 2 else other).post("/oauth/token", data=form(client_secret="no")) for number in range(TOKENS.each)
        ]
        assert {answer.status_code for answer in guesses} == {401}
        for door in (one, other):
            stopped = await door.post("/oauth/token", data=form())
            assert stopped.status_code == 429 and stopped.headers["retry-after"] == str(int(WINDOW.total_seconds()))
            assert stopped.json()["error"] == "temporarily_unavailable" and "access_token" not in stopped.json()
        assert (await one.post("/oauth/token", data=form(), headers={"from": "elsewhere"})).status_code == 200
        assert (await one.post("/oauth/token", data=form(client_id="nobody"))).status_code == 401
        instant[0] += WINDOW
        assert (await other.post("/oauth/token", data=form())).status_code == 200


async def test_many_names_from_one_address_are_stopped_too(counts: Counts) -> None:
    async with process(counts, [NOW]) as door:
        asked = (door.post("/oauth/token", data=form(client_id=f"c{number}")) for number in range(TOKENS.address + 5))
        answers = await asyncio.gather(*asked)
        assert [answer.status_code for answer in answers].count(429) == 5
        assert (await door.post("/oauth/token", data=form())).status_code == 429


async def test_who_knows_the_secret_may_ask_all_day_and_from_many_processes_at_once(counts: Counts) -> None:
    async with process(counts, [NOW]) as door:
        for _ in range(TOKENS.address // TOKENS.each + 1):
            answers = await asyncio.gather(*(door.post("/oauth/token", data=form()) for _ in range(TOKENS.each)))
            assert {answer.status_code for answer in answers} == {200}
