"""A department's clerk with a browser: in, from a cause to a finding, an answer, the other language, out."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from databus.access.accounts import sample_secrets
from databus.cli.session import session
from databus.local.running import Running
from databus.store import findings
from databus.store.findings import Filter
from gateway.published import DEPARTMENT, ORGAN, SECONDS, SOURCE, publish

pytestmark = [pytest.mark.live, pytest.mark.browser]
RIGHT, WRONG = "91222401YYYY00055K", "91222401YYYY00055A"


@pytest.fixture(scope="module")
def office(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Where the desk is, and the department's secret, once a finding waits there."""
    here = session(stack.settings)
    publish(here, tmp_path_factory.mktemp("desk"), "ADMIN_PENALTY", {"uscc": WRONG, **ORGAN, **SOURCE})
    until = time.monotonic() + SECONDS
    while not here.ask(lambda pool: findings.page(pool, DEPARTMENT, Filter(rule="DQ-ACC-01"))):
        assert time.monotonic() < until, "no finding came"
        time.sleep(0.2)
    return here.intake, sample_secrets(here.keys.folder)[DEPARTMENT]


@pytest.fixture(scope="module")
def browser(chromium: str, office: tuple[str, str]) -> Iterator[Browser]:
    """Opened once the desk has something to show: its driver holds the event loop that asking the store needs."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, office: tuple[str, str]) -> Iterator[Page]:
    """A Chinese reader's page on a phone, without scripts; nothing may be refused by the content security policy."""
    context = browser.new_context(base_url=office[0], locale="zh-CN", viewport={"width": 390, "height": 844}, java_script_enabled=False)
    opened, complaints = context.new_page(), list[str]()
    opened.on("console", lambda message: complaints.append(message.text))
    yield opened
    context.close()
    assert [one for one in complaints if "403" not in one] == []


def test_a_clerk_logs_in_reads_a_finding_and_answers_it(page: Page, office: tuple[str, str]) -> None:
    secret = office[1]
    page.goto(f"/desk/{DEPARTMENT}")
    _enter(page, "not the secret")
    expect(page.get_by_role("alert")).to_contain_text("不正确")
    _enter(page, secret)
    expect(page).to_have_url(re.compile(f"/desk/{DEPARTMENT}$"))
    assert secret not in page.url and secret not in page.content()

    cause = page.get_by_role("listitem").filter(has_text="DQ-ACC-01").first
    expect(cause.get_by_role("img")).to_have_attribute("aria-label", re.compile("趋势"))
    cause.get_by_role("link").click()
    page.get_by_role("row").filter(has_text=WRONG).first.get_by_role("link").click()
    for told in ("GB 32100-2015", "DQ-ACC-01", WRONG, "对照营业执照核对代码"):
        expect(page.get_by_text(told).first).to_be_visible()
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已确认").first).to_be_visible()

    finding = page.url
    page.get_by_role("link", name="隔离区").click()
    page.get_by_role("row").filter(has_text="DQ-ACC-01").first.get_by_role("link").click()
    expect(page.get_by_text(WRONG).last).to_be_visible()
    page.goto(f"{finding}/mend")
    page.locator("#c-uscc").fill(RIGHT)
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_role("status")).to_contain_text("可采信")
    page.get_by_role("button", name="重新报送").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已重新报送")

    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(finding)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="What it rests on")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.goto(f"/desk/{DEPARTMENT}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in to the quality desk")


def _enter(page: Page, secret: str) -> None:
    page.get_by_label("客户端名称").fill(DEPARTMENT)
    page.get_by_label("密钥").fill(secret)
    page.get_by_role("button", name="登录").click()
