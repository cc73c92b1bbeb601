"""What lies in quarantine, by the findings that tell of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.model.finding import Verdict
from databus.store import refused
from databus.store.sessions import Pool
from store.line import FINDING, Line

pytestmark = pytest.mark.live


async def listed(pool: Pool, **more: object) -> list[str]:
    asked = {"since": 0, "rules": [FINDING.rule, "DQ-ACC-06"], "after": None, "limit": 10, **more}
    return [one.event_id for one in await refused.page(pool, "emergency", **asked)]  # type: ignore[arg-type]


async def test_a_submission_is_there_once_with_all_that_kept_it_out(line: Line) -> None:
    both = [replace(FINDING, finding_id=f"a{number}", event_id="a", rule=rule) for number, rule in enumerate((FINDING.rule, "DQ-ACC-06"))]
    await line.find(*both, replace(FINDING, finding_id="w", event_id="w", verdict=Verdict.WARN))
    await line.find(replace(FINDING, finding_id="b", event_id="b"), replace(FINDING, finding_id="p", event_id="p", rule="DQ-CONS-01"))
    await line.find(replace(FINDING, finding_id="e", event_id="e", department="ecology"))
    assert set(await listed(line.pool)) == {"a", "b"}
    one = next(
        one for one in await refused.page(line.pool, "emergency", since=0, rules=[FINDING.rule], after=None, limit=9) if one.event_id == "a"
    )
    assert one.open == 1 and one.verdicts == ("R",)


async def test_pages_go_on_behind_the_last_and_old_ones_are_gone(line: Line) -> None:
    await line.find(*(replace(FINDING, finding_id=name, event_id=name) for name in "abc"))
    first = await refused.page(line.pool, "emergency", since=0, rules=[FINDING.rule], after=None, limit=2)
    rest = await listed(line.pool, after=(first[-1].written_at, first[-1].event_id))
    assert sorted([one.event_id for one in first] + rest) == ["a", "b", "c"]
    assert await listed(line.pool, since=first[0].written_at + 1) == []
    assert await refused.page(line.pool, "a\x00", since=0, rules=[], after=None, limit=1) == ()
