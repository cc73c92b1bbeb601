"""Attempts to log in: few by client and address, more by address, forgotten in time and in number."""

from __future__ import annotations

import pytest

from databus.access import attempts
from databus.access.attempts import ADDRESS, EACH, WINDOW, Attempts
from databus.errors import TooManyRequests


def test_each_client_has_few_and_each_address_not_many_more() -> None:
    made = Attempts(now=lambda: 0.0)
    for number in range(ADDRESS):
        made.require(f"client-{number // EACH}", "here")
        made.failed(f"client-{number // EACH}", "here")
    with pytest.raises(TooManyRequests) as refused:
        made.require("another", "here")
    assert refused.value.facts["retry_after"] == WINDOW
    made.require("client-0", "elsewhere")


def test_success_forgets_and_so_does_time() -> None:
    now = [0.0]
    made = Attempts(now=lambda: now[0])
    for _ in range(EACH - 1):
        made.failed("c", "here")
    made.succeeded("c", "here")
    for _ in range(EACH):
        made.require("c", "here")
        made.failed("c", "here")
    with pytest.raises(TooManyRequests):
        made.require("c", "here")
    now[0] = WINDOW
    made.require("c", "here")
    made.failed("c", "here")
    made.require("c", "here")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "REMEMBERED", 4)
    made = Attempts(now=lambda: 0.0)
    for number in range(20):
        made.failed(f"c{number}", f"a{number}")
    assert len(made._failed) == 4
