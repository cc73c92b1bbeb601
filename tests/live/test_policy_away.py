"""OPA away: what was decided holds until it ends, then nothing leaves; and everything comes back by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from live.drafts import Firm, accepted, firm, registration
from live.line import Live, eventually

pytestmark = pytest.mark.live

MARGIN_SECONDS = 15.0


@pytest.fixture(scope="module")
def about(live: Live) -> Firm:
    """A firm that everybody may know."""
    made = firm("策略")
    accepted(live, registration(live.here, made))
    return made


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that does not answer and is not dead."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def answers(anybody: httpx.Client, agency: httpx.Client, about: Firm) -> dict[str, httpx.Response]:
    """One of each kind of answer that a decision stands behind."""
    return {
        "portal": anybody.get("/", params={"q": about.name}),
        "business page": anybody.get(f"/businesses/{about.uscc}"),
        "subject": anybody.get(f"/v1/subjects/{about.uscc}"),
        "search": anybody.get("/v1/subjects", params={"q": about.name}),
        "dataset": anybody.get("/v1/datasets/penalties/records", params={"limit": "1"}),
        "profile": agency.get(f"/v1/profiles/{about.uscc}", params={"purpose": "P12"}),
        "feed": agency.get("/v1/feeds/changes/events", params={"limit": "1"}),
    }


def test_unexpired_plans_hold_then_nothing_leaves_then_it_comes_back(live: Live, about: Firm) -> None:
    gateway, opa = live.process("gateway"), live.process("opa")
    with live.client() as anybody, live.client("agency-south") as agency:

        def statuses() -> dict[str, int]:
            told.update(answers(anybody, agency, about))
            return {name: answer.status_code for name, answer in told.items()}

        told: dict[str, httpx.Response] = {}

        good = dict.fromkeys(statuses(), 200)
        assert statuses() == good
        with frozen(opa.pid):
            assert statuses() == good, "plans made a moment ago hold"
            away = dict.fromkeys(good, 503)
            within = live.here.settings.gateway.plan_seconds + MARGIN_SECONDS
            eventually(lambda: statuses() == away, within, "every plan has ended and every answer is 503")
            refusals = dict(told)
            assert anybody.get("/health/ready").status_code == 503
            assert anybody.get("/health/live").status_code == 200, "nothing is gained by restarting the gateway"
        for name, answer in refusals.items():
            assert "Retry-After" in answer.headers and "no-store" in answer.headers["Cache-Control"], name
            assert about.uscc not in answer.text, f"{name} tells something without a decision"
        problem = refusals["profile"].json()
        assert refusals["profile"].headers["Content-Type"] == "application/problem+json"
        assert problem["type"] == "/problems/policy-unavailable" and problem["status"] == 503
        assert "127.0.0.1" not in refusals["profile"].text and "OPA" not in refusals["profile"].text
        eventually(lambda: statuses() == good, 120, "everything is answered again")
        assert anybody.get("/health/ready").status_code == 200
        assert (live.process("gateway").pid, live.process("opa").pid) == (gateway.pid, opa.pid)


def test_a_killed_opa_is_started_again_and_decides_by_our_bundle(live: Live, about: Firm) -> None:
    with live.client() as anybody, live.client("agency-south") as agency:
        live.restarted("opa")
        eventually(lambda: anybody.get("/health/ready").status_code == 200, 120, "OPA has its bundle")
        before = live.metric("gateway", "databus_decision_seconds_count", cached="false")
        eventually(
            lambda: (
                {one.status_code for one in answers(anybody, agency, about).values()} == {200}
                and live.metric("gateway", "databus_decision_seconds_count", cached="false") > before
            ),
            live.here.settings.gateway.plan_seconds + MARGIN_SECONDS,
            "the new OPA has made new plans",
        )
