"""What every route of the gateway needs, gathered once, and the two questions all of them ask first."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.requests import Request

from databus.contract.catalogue import Contract
from databus.errors import Malformed, NotFound
from databus.gateway.records import Records
from databus.model.disclosure import Caller
from databus.ports import Clock, Planner, Trail
from databus.store.datasets import Dataset
from databus.web.pages import Pages

Callers = Callable[[Request], Awaitable[Caller]]
"""Who asks; ANONYMOUS without credentials. Raises Unauthenticated for wrong ones."""
Count = Callable[[str, Caller], None]
"""Counts one read of public data: (dataset, caller)."""

PIN = timedelta(hours=24)
"""How long a version of the data stays pinned for paging (design 10)."""

_PURPOSE = re.compile(r"[A-Za-z0-9_-]{0,32}")


@dataclass(frozen=True)
class Line:
    """The ports behind the routes. `key` seals cursors (32 bytes), `platform_key` derives the keys of persons."""

    planner: Planner
    trail: Trail
    records: Records
    contract: Contract
    callers: Callers
    clock: Clock
    count: Count
    key: bytes
    platform_key: bytes
    pages: Pages
    datasets: Mapping[str, Dataset]
    applied: Callable[[], date | None] = lambda: None
    """The lowest day whose tick has been applied, as last asked; None before the first."""

    def today(self) -> date:
        """The day, in Asia/Shanghai, by which wake days are judged."""
        return self.clock().date()

    def as_of(self) -> dict[str, str]:
        """The header that says for which day an answer holds: what wakes later is held until its tick has been applied."""
        return {"Databus-As-Of": self.day().isoformat()}

    def day(self) -> date:
        """That day: never after today."""
        return min(self.today(), self.applied() or date.max)

    def dataset(self, name: str) -> Dataset:
        """An open dataset.

        Raises:
            NotFound: there is none of this name.
        """
        if name not in self.datasets:
            raise NotFound("There is no open dataset of this name; /v1/datasets lists them all.")
        return self.datasets[name]


def purpose_of(request: Request) -> str:
    """The purpose a caller states; empty without one.

    Raises:
        Malformed: it has no form a purpose can have.
    """
    purpose = request.query_params.get("purpose", "")
    if not _PURPOSE.fullmatch(purpose):
        raise Malformed("purpose is a code such as P12; the code list `purpose` has them all.", parameter="purpose")
    return purpose
