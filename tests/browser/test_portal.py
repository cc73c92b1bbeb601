"""A reader with a browser: a fragment of a name, the business, the other language, the open data."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from databus.cli.session import Session, session
from databus.department import files, mapping
from databus.department.publish import Batch, publish_rows
from databus.department.publisher import Publisher
from databus.department.submission import owned_entry
from databus.local.keys import department_secret
from databus.local.running import Running
from databus.settings import CHECKOUT

pytestmark = [pytest.mark.live, pytest.mark.browser]

USCC, NAME = "91222401YYYY00055K", "延吉市浏览样例商贸有限公司"
DOC = "吉市监罚〔2026〕4321号"
SECONDS = 60.0


def _publish(here: Session, folder: Path, record_type: str, **changed: Any) -> None:
    """The shipped example of a type as a row of a department's file, changed."""
    department = "market-regulation"
    kind = here.contract.record_type(record_type)
    told = json.loads(Path(CHECKOUT / "schemas" / record_type / "example.json").read_text("utf-8"))["payload"]
    row = {name: value for name, value in {**told, "uscc": USCC, **changed}.items() if value is not None}
    file = folder / f"{record_type}.ndjson"
    file.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    chosen = mapping.identity(kind, owned_entry(here.contract, kind, department), files.columns_of(file))
    batch = Batch(department, int(time.time()), department_secret(here.keys, department))
    with Publisher(here.address(department), department) as publisher:
        rows = files.rows_of(file)
        codec = here.codec(department)
        sent = list(publish_rows(rows, mapping=chosen, contract=here.contract, codec=codec, batch=batch, publisher=publisher))
    assert [one.outcome for one in sent] == ["SENT"], sent


@pytest.fixture(scope="module")
def portal(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The gateway's address, once it serves a business of ours with a penalty."""
    here = session(stack.settings)
    folder = tmp_path_factory.mktemp("portal")
    _publish(here, folder, "LP_REGISTRATION", name=NAME, reg_no=None, domicile_division="222401")
    organ, code = "吉林省市场监督管理厅", "11220000YYYX00011W"
    made = {"authority_name": organ, "authority_uscc": code, "source_name": organ, "source_uscc": code}
    _publish(here, folder, "ADMIN_PENALTY", counterparty_name=NAME, doc_no=DOC, **made)
    until = time.monotonic() + SECONDS
    while DOC not in httpx.get(f"{here.gateway}/v1/subjects/{USCC}").text:
        assert time.monotonic() < until, "the penalty did not arrive on the business page"
        time.sleep(0.2)
    return here.gateway


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, portal: str) -> Iterator[Page]:
    """A Chinese reader's page on a phone; nothing may be refused by the content security policy."""
    context = browser.new_context(base_url=portal, locale="zh-CN", viewport={"width": 390, "height": 844})
    opened, complaints = context.new_page(), list[str]()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert [one for one in complaints if "404" not in one] == []


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_from_a_fragment_of_a_name_to_the_business_in_both_languages(page: Page) -> None:
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_label("企业名称或代码").fill("浏览样例")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.get_by_role("heading", name=DOC)).to_be_visible()
    assert _fits(page)
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name=re.compile("Administrative actions"))).to_be_visible()
    page.get_by_role("link", name="Open data", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open data")


def test_a_code_leads_there_too_and_by_keyboard_alone(page: Page) -> None:
    page.goto("/?lang=zh")
    page.get_by_label("企业名称或代码").fill(USCC)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=NAME)).to_have_attribute("href", f"/businesses/{USCC}")


def test_the_open_dataset_is_filtered_and_downloaded(page: Page) -> None:
    page.goto("/datasets/penalties?lang=zh")
    page.get_by_text("筛选", exact=True).first.click()
    page.get_by_label("行政处罚决定书文号").fill(DOC)
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("row")).to_have_count(2)
    assert _fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 CSV").click()
    told = download.value.path().read_text("utf-8-sig")
    assert DOC in told and len(told.splitlines()) == 2


def test_a_page_that_is_not_there_says_so_kindly(page: Page) -> None:
    answer = page.goto("/businesses/91220184YYYY00047P")
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("没有这个页面")


def test_every_field_has_a_label_and_every_page_one_heading(page: Page) -> None:
    for path in ("/", "/?q=浏览样例", f"/businesses/{USCC}", "/datasets", "/datasets/penalties", "/docs", "/problems/gone"):
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        unnamed = page.evaluate("[...document.querySelectorAll('input,select')].filter(one => !one.labels.length).length")
        assert unnamed == 0, path
