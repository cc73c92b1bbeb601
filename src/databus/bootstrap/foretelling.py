"""Foresight for a command: over whatever answers of the running line, and with a word on what does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from databus.bootstrap.foresight import Foresight, Standing, foresight
from databus.bootstrap.parts import now
from databus.contract.catalogue import Contract
from databus.department.http.foresight import Foreseen
from databus.department.submission import Submission
from databus.errors import PolicyUnavailable, StoreUnavailable, Unavailable
from databus.local.connections import connected
from databus.local.keys import Keys
from databus.policy.opa import OpaDecider
from databus.policy.remembered import Remembered
from databus.ports import Decider
from databus.settings import Settings
from databus.store import database
from databus.store.present import present


@dataclass(frozen=True)
class Foretelling:
    """What would become of a department's submissions. `away` are the parts that do not answer: what they know is not told."""

    department: str
    foresight: Foresight
    away: tuple[Unavailable, ...]

    async def __call__(self, submissions: Sequence[Submission]) -> Sequence[Foreseen]:
        """See `department.foretelling.Ask`; raises where a part goes away that was there at the start."""
        return await self.foresight(self.department, submissions)


@asynccontextmanager
async def foretelling(settings: Settings, contract: Contract, keys: Keys, department: str) -> AsyncIterator[Foretelling]:
    """Foresight of this machine's line; what does not answer now is left out from the start."""
    async with AsyncExitStack() as parts:
        facts, away = connected(settings, keys, "operator"), list[Unavailable]()
        standing: Standing | None = None
        decider: Decider | None = None
        try:
            pool = await database.connect(facts.postgres.dsn.get_secret_value(), size=1)
            parts.push_async_callback(pool.close)
            standing = partial(present, pool)
        except StoreUnavailable as error:
            away.append(error)
        opa = await parts.enter_async_context(OpaDecider(facts.opa.url, keys.read("opa.token"), facts.opa.timeout_seconds))
        if await opa.ready():
            decider = Remembered(opa)
        else:
            away.append(PolicyUnavailable(f"OPA gives no decision at {facts.opa.url}", url=facts.opa.url))
        made = foresight(contract, contract.codec(), standing=standing, decider=decider, clock=now)
        yield Foretelling(department, made, tuple(away))
