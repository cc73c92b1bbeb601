"""Times as officers write them, and the search over what was recorded."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from databus.audit.search import instant, search
from databus.errors import Malformed
from databus.settings import Settings
from engines import store_at

SHANGHAI = ZoneInfo("Asia/Shanghai")


def milliseconds(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=SHANGHAI).timestamp() * 1000)  # type: ignore[misc]


def test_a_day_is_a_day_in_shanghai() -> None:
    assert instant("2026-04-01") == milliseconds(2026, 4, 1)
    assert instant("2026-04-01", whole_day=True) == milliseconds(2026, 4, 2)


def test_an_instant_keeps_its_zone() -> None:
    assert instant("2026-04-01T08:00:00") == milliseconds(2026, 4, 1, 8)
    assert instant("2026-04-01T00:00:00Z") == milliseconds(2026, 4, 1, 8)
    assert instant("2026-04-01T08:00:00", whole_day=True) == milliseconds(2026, 4, 1, 8)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "9999-12-31", "1"])
def test_anything_else_is_refused(text: str) -> None:
    if text == "9999-12-31":
        assert instant(text) > 0
        text = "9999-12-32"
    with pytest.raises(Malformed):
        instant(text)


@pytest.mark.live
async def test_the_limit_has_bounds_and_an_empty_store_holds_nothing(isolated: Settings) -> None:
    async with store_at(isolated.postgres.dsn) as pool:
        for limit in (0, 1001):
            with pytest.raises(Malformed):
                await search(pool, limit=limit)
        assert await search(pool, caller="emergency", reason="OK_GRANT", since="2026-01-01", until="2026-12-31") == ()
