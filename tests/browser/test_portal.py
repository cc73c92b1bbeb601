"""A reader with a browser: a fragment of a name, the business, the other language, the open data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from databus.cli.session import session
from databus.local.running import Running
from gateway.published import ORGAN, SOURCE, arrived, publish

pytestmark = [pytest.mark.live, pytest.mark.browser]

USCC, NAME = "91222401YYYY00055K", "延吉市浏览样例商贸有限公司"
DOC = "吉市监罚〔2026〕4321号"


@pytest.fixture(scope="module")
def portal(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The gateway's address, once it serves a business of ours with a penalty."""
    here = session(stack.settings)
    folder = tmp_path_factory.mktemp("portal")
    publish(here, folder, "LP_REGISTRATION", {"uscc": USCC, "name": NAME, "reg_no": None, "domicile_division": "222401"})
    publish(here, folder, "ADMIN_PENALTY", {"uscc": USCC, "counterparty_name": NAME, "doc_no": DOC, **ORGAN, **SOURCE})
    arrived(here, USCC, DOC)
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
    answer = page.goto("/businesses/91220202YYYY000399X")
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("没有这个页面")


def test_every_field_has_a_label_and_every_page_one_heading(page: Page) -> None:
    for path in ("/", "/?q=浏览样例", f"/businesses/{USCC}", "/datasets", "/datasets/penalties", "/docs", "/problems/gone"):
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        unnamed = page.evaluate("[...document.querySelectorAll('input,select')].filter(one => !one.labels.length).length")
        assert unnamed == 0, path
