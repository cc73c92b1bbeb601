"""The same routes on the real store, the real OPA and the real trail."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from databus.cli.session import Session, session
from databus.local.running import Running
from gateway.published import ORGAN, SOURCE, arrived, publish

pytestmark = pytest.mark.live

REG = "220184000004708"
USCC, NAME = "91220184YYYY00047P", "公主岭市网关样例商贸有限公司"
EVENTS, RECORDS = "/v1/feeds/changes/events", "/v1/datasets/penalties/records"
DOCS = tuple(f"吉市监罚〔2026〕77{number}号" for number in range(5))


@pytest.fixture(scope="module")
def here(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The stack, once it serves a business of ours with five penalties."""
    found = session(stack.settings)
    folder = tmp_path_factory.mktemp("gateway")
    publish(found, folder, "LP_REGISTRATION", {"uscc": USCC, "name": NAME, "reg_no": None})
    penalties = [{"uscc": USCC, "counterparty_name": NAME, "doc_no": doc, **ORGAN, **SOURCE} for doc in DOCS]
    publish(found, folder, "ADMIN_PENALTY", *penalties)
    arrived(found, USCC, *DOCS)
    return found


@pytest.fixture(scope="module")
def client(here: Session) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=here.gateway, timeout=90.0) as client:
        yield client


@pytest.fixture(scope="module")
def agency(here: Session, client: httpx.Client) -> dict[str, str]:
    """The sample agency's token as a header."""
    secret = here.keys.read("clients/agency-south.secret")
    form = {"grant_type": "client_credentials", "client_id": "agency-south", "client_secret": secret}
    return {"Authorization": f"Bearer {client.post('/oauth/token', data=form).json()['access_token']}"}


def feed(client: httpx.Client, headers: dict[str, str], cursor: str | None = None) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    while True:
        answer = client.get(EVENTS, params={"limit": 50, **({"cursor": cursor} if cursor else {})}, headers=headers)
        assert answer.status_code == 200, answer.text
        lines = [json.loads(line) for line in answer.text.splitlines()]
        told += lines[:-1]
        cursor = lines[-1]["cursor"]
        if not lines[-1]["more"]:
            return told


def test_search_and_profile(client: httpx.Client, agency: dict[str, str]) -> None:
    assert [one["name"] for one in client.get("/v1/subjects", params={"q": "网关样例"}).json()["subjects"]] == [NAME]
    answer = client.get(f"/v1/profiles/{USCC}", params={"purpose": "P12"}, headers=agency)
    assert answer.status_code == 200 and answer.headers["Databus-Decision-Id"]
    records = [one for section in answer.json()["sections"] for one in section["records"]]
    assert {one["fields"].get("doc_no") for one in records} >= set(DOCS)
    penalty = next(one for one in records if one["record_type"] == "ADMIN_PENALTY")
    assert penalty["fields"]["fine_yuan"] == "2000.00" and "remark" in penalty["withheld"] and "remark" not in penalty["fields"]


def test_a_penalty_under_an_older_code_goes_where_a_map_of_codes_says(here: Session, client: httpx.Client, tmp_path: Path) -> None:
    doc = "吉市监罚〔2026〕780号"
    codes = {"uscc": None, "org_code": None, "tax_no": None, "reg_no": REG}
    penalty = {**codes, "counterparty_name": NAME, "doc_no": doc, **ORGAN, **SOURCE}
    publish(here, tmp_path, "ADMIN_PENALTY", penalty)
    arrived(here, REG, doc)
    assert doc not in client.get(f"/v1/subjects/{USCC}").text
    publish(here, tmp_path, "LP_CODE_MAP", {**codes, "uscc": USCC, "name": NAME})
    arrived(here, USCC, doc)
    older, newer = (client.get(f"/v1/subjects/{code}").json() for code in (REG, USCC))
    assert older.pop("asked") == {"scheme": "CN-REG", "code": REG} and newer.pop("asked") == {"scheme": "CN-USCI", "code": USCC}
    assert older == newer and {"scheme": "CN-REG", "code": REG} in newer["subject"]["codes"]
    page = client.get(f"/businesses/{REG}", params={"lang": "en"}).text
    assert "Found by an older code of this business" in page and all(told in page for told in (USCC, doc, *DOCS))


def test_pages_exports_and_filters_agree(client: httpx.Client) -> None:
    asked: dict[str, Any] = {"uscc": USCC, "limit": 2, "sort": "decided_at"}
    found, cursor = [], None
    while True:
        page = client.get(RECORDS, params={**asked, **({"cursor": cursor} if cursor else {})}).json()
        found += [one["fields"]["doc_no"] for one in page["records"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(found) == sorted(DOCS) and page["withdrawn"] == 0
    table = client.get("/v1/datasets/penalties/exports/csv", params={"uscc": USCC}).text
    assert all(table.count(doc) == 1 for doc in DOCS), "an id outside spells out nothing"
    assert sorted(row["doc_no"] for row in csv.DictReader(io.StringIO(table))) == sorted(DOCS)
    same = client.get(RECORDS, params={"uscc": USCC})
    assert client.get(RECORDS, params={"uscc": USCC}, headers={"If-None-Match": same.headers["ETag"]}).status_code == 304


def test_the_feed_holds_each_record_once_and_resumes_anywhere(client: httpx.Client, agency: dict[str, str]) -> None:
    steps = feed(client, agency)
    mine = [one for one in steps if one.get("fields", {}).get("doc_no") in DOCS]
    assert len(mine) == len(DOCS)
    at = steps.index(mine[2])
    assert [one["step"] for one in feed(client, agency, steps[at]["cursor"])] == [one["step"] for one in steps[at + 1 :]]


def test_forged_cursors_are_refused(client: httpx.Client, agency: dict[str, str]) -> None:
    cursor = feed(client, agency)[-1]["cursor"]
    for forged in (cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), cursor[4:], "AAAA", "0"):
        assert client.get(EVENTS, params={"cursor": forged}, headers=agency).status_code == 400


@pytest.mark.parametrize("q", ["%", "_", "' OR 1=1 --", "\\", "公司", "ü" * 100, "9" * 100])
def test_hostile_searches(client: httpx.Client, q: str) -> None:
    assert client.get("/v1/subjects", params={"q": q}).status_code == 200


@pytest.mark.parametrize(
    "asked", [{"fine_yuan.from": "1e9"}, {"fine_yuan.from": "NaN"}, {"decided_at": "2026-02-30"}, {"uscc": "x" * 201}, {"sort": "uscc"}]
)
def test_hostile_filters(client: httpx.Client, asked: dict[str, str]) -> None:
    answer = client.get(RECORDS, params=asked)
    assert answer.status_code == 400, answer.text
