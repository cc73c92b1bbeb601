"""The ports behind the pages of the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from databus.model.finding import Answer, Tracked
from databus.ports import Clock
from databus.quality.pages.office import Office
from databus.quality.pages.scores import Scores
from databus.quality.waiving import Waiving
from databus.store.causes import Cause
from databus.store.findings import Filter, Place, Story


class ByCause(Protocol):
    """`store.causes.by_cause` over a pool."""

    async def __call__(self, department: str, *, since: int, until: int, slots: int) -> tuple[Cause, ...]: ...


class Page(Protocol):
    """`store.findings.page` over a pool."""

    async def __call__(self, department: str, asked: Filter, *, after: Place | None, limit: int) -> tuple[Tracked, ...]: ...


_MINUTE = 60_000


@dataclass(frozen=True)
class Desk:
    """What the pages ask. `of_events` gives all findings of some events, `tell` makes an answer durable, `key` (32 bytes) seals cursors."""

    office: Office
    by_cause: ByCause
    page: Page
    story: Callable[[str, str], Awaitable[Story | None]]
    of_events: Callable[[str, Collection[str]], Awaitable[tuple[Tracked, ...]]]
    tell: Callable[[Answer], Awaitable[None]]
    clock: Clock
    key: bytes
    scores: Scores
    waive: Waiving


def in_order(found: Iterable[Tracked]) -> list[Tracked]:
    """As pages show findings, whose times they tell to the minute: the latest minute first, and within it by row."""
    return sorted(found, key=lambda one: (-(one.finding.issued_at // _MINUTE), one.finding.row or 0))
