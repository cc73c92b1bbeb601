"""The pages: what a reader finds, in which language, and what a hostile name cannot do."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from databus.model.keys import organisation_key
from gateway.world import OTHER, USCC, World, example, label

HTML = {"Accept": "text/html"}


def test_a_fragment_of_a_name_leads_to_the_business_page(client: TestClient) -> None:
    found = client.get("/", params={"q": "样例粮油"}, headers=HTML)
    assert f'href="/businesses/{USCC}"' in found.text
    page = client.get(f"/businesses/{USCC}", headers=HTML)
    for told in ("长春市样例粮油有限公司", USCC, "220102000002026", "吉应急罚〔2026〕7号", "行政管理", "时间线", "2026-11-23"):
        assert told in page.text
    assert "99号" not in page.text and "内部备注" not in page.text
    assert "该信息不对社会公开。" in page.text, "what is withheld is stated in words"
    assert page.headers["Databus-As-Of"] == "2026-11-23"


def test_any_code_finds_its_business(client: TestClient) -> None:
    for code in (USCC, "220102000002026"):
        assert f"/businesses/{USCC}" in client.get("/", params={"q": code}).text


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "按该主体的原代码查得： 注册号"), ("en", "Found by an older code of this business: Registration number")]
)
def test_a_page_found_by_an_older_code_says_so(world: World, client: TestClient, language: str, said: str) -> None:
    older = organisation_key("220102000002034", scheme="CN-REG")
    world.put(label("ADMIN_PENALTY"), example("ADMIN_PENALTY"), code=USCC, codes={"CN-REG": "220102000002034"})
    world.records.moves[older] = organisation_key(USCC)
    page = client.get("/businesses/220102000002034", params={"lang": language}, headers=HTML).text
    assert said in page and USCC in page
    assert said not in client.get(f"/businesses/{USCC}", params={"lang": language}, headers=HTML).text


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "zh"),
        ({"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"}, "", "en"),
        ({"Accept-Language": "fr, zh-CN;q=0.8, en;q=0.3"}, "", "zh"),
        ({"Accept-Language": ";;;q=x, en;q=nan"}, "", "zh"),
        ({"Accept-Language": "en", "Cookie": "databus-lang=zh"}, "", "zh"),
        ({"Cookie": "databus-lang=zh"}, "?lang=en", "en"),
        ({"Cookie": "databus-lang=xx"}, "?lang=yy", "zh"),
    ],
)
def test_language(client: TestClient, headers: dict[str, str], query: str, language: str) -> None:
    for path in ("/", f"/businesses/{USCC}", "/datasets", "/datasets/penalties", "/docs", "/problems", "/problems/gone"):
        page = client.get(path + query, headers={**HTML, **headers})
        tag = "zh-CN" if language == "zh" else "en"
        assert f'<html lang="{tag}">' in page.text and page.headers["Content-Language"] == tag


def test_a_chosen_language_is_remembered(client: TestClient) -> None:
    answer = client.get("/?lang=en")
    assert "databus-lang=en" in answer.headers["set-cookie"] and "HttpOnly" in answer.headers["set-cookie"]
    assert '<html lang="en">' in client.get("/datasets").text


def test_names_are_text_and_never_markup(world: World, client: TestClient) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    payload = {**example("ADMIN_PENALTY"), "counterparty_name": evil, "doc_no": evil, "content": evil}
    world.put(label("ADMIN_PENALTY"), payload, code=OTHER, name=evil)
    for path in (f"/businesses/{OTHER}", "/datasets/penalties", "/?q=script", f"/?q={OTHER}"):
        page = client.get(path, headers=HTML)
        assert page.status_code == 200
        assert "<script" not in page.text and "<img src=x" not in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in client.get(f"/businesses/{OTHER}").text
    asked = client.get("/", params={"q": evil}, headers=HTML)
    assert "<script" not in asked.text and "<img src=x" not in asked.text


@pytest.mark.parametrize("q", ["\x00", "a\x07b", "长" * 101, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1") + "\x9f"])
def test_questions_that_are_no_text(client: TestClient, q: str) -> None:
    assert client.get("/v1/subjects", params={"q": q}).status_code == 400
    page = client.get("/", params={"q": q}, headers=HTML)
    assert page.status_code == 400 and "<h1>" in page.text


@pytest.mark.parametrize("q", ["%", "_", "' OR ''='", "*", "长%", "\\"])
def test_questions_that_mean_something_elsewhere_mean_nothing_here(client: TestClient, q: str) -> None:
    answer = client.get("/v1/subjects", params={"q": q})
    assert answer.status_code == 200 and answer.json()["subjects"] == []


def test_search_pages(world: World, client: TestClient) -> None:
    for number in range(45):
        world.put(label("LP_REGISTRATION"), example("LP_REGISTRATION"), code=f"9122{number:014d}", name=f"白山第{number:02}公司")
    first = client.get("/v1/subjects", params={"q": "白山", "limit": 20}).json()
    names, cursor = [one["name"] for one in first["subjects"]], first["next"]
    while cursor:
        body = client.get("/v1/subjects", params={"q": "白山", "limit": 20, "cursor": cursor}).json()
        names += [one["name"] for one in body["subjects"]]
        cursor = body["next"]
    assert len(names) == len(set(names)) == 45
    assert client.get("/v1/subjects", params={"q": "白", "cursor": first["next"]}).status_code == 400
    assert "cursor=" in client.get("/", params={"q": "白山"}).text


def test_the_front_page_counts_what_is_open(client: TestClient) -> None:
    page = client.get("/?lang=en").text
    assert "<dd>1</dd>" in page and "<dd>3</dd>" in page, "one business, three public records; the narrowed one is not counted"


def test_an_unknown_business_and_an_unknown_page(client: TestClient) -> None:
    for path in ("/businesses/91220184YYYY00047P", "/businesses/%20", "/nothing", "/datasets/nothing", "/problems/nothing"):
        page = client.get(path, headers=HTML)
        assert page.status_code == 404 and "<h1>没有这个页面</h1>" in page.text and page.headers["Databus-Request-Id"] in page.text


def test_the_table_of_a_dataset_filters_and_pages(world: World, client: TestClient) -> None:
    world.penalties(60)
    page = client.get("/datasets/penalties", headers=HTML)
    assert page.text.count("<tr>") == 51 and 'rel="next"' in page.text
    one = client.get("/datasets/penalties", params={"doc_no": "吉罚〔2026〕7号"}, headers=HTML)
    assert one.text.count("<tr>") == 2 and '<details class="filters card" open>' in one.text
    assert "没有符合条件的记录" in client.get("/datasets/penalties", params={"doc_no": "没有"}, headers=HTML).text
