"""The sample province, sent at a steady rate by a thread of its own while things are broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count

from databus.cli.session import Session
from databus.department.publisher import Publisher
from databus.errors import DatabusError, Unavailable
from databus.local.keys import department_secret
from databus.testing.province.load import load
from databus.testing.province.planned import Planned

RATE = 400.0
"""Submissions a second: about what two cores fold beside everything that is done to them."""

SHORTEST = 24.0
"""Seconds a share of a load lasts at least: shorter, and a frozen worker would wake when all is done."""

_HELD_SECONDS = 0.1

_BACKLOG = 100
_CATCH_UP_SECONDS = 1.0
"""What stood still while the broker was away is not made up for all at once: the stream is there for what is broken next."""

PATIENCE_SECONDS = 300.0
_PATIENT = {"delivery_timeout_ms": int(PATIENCE_SECONDS * 1000), "max_block_ms": int(PATIENCE_SECONDS * 1000)}
"""A department that waits for a broker to come back, in order, however long that takes on a busy machine."""


class Loading(threading.Thread):
    """Sends what is planned, as far as `share` (1 is all of it) lets it. After `join`, `failure` is what stopped it."""

    def __init__(self, here: Session, planned: Sequence[Planned], *, shares: int = 1) -> None:
        super().__init__(daemon=True)
        self._here, self._planned = here, planned
        self._rate = min(RATE, len(planned) / (SHORTEST * shares))
        self.failure: DatabusError | None = Unavailable("the load was given up")
        self.share = 1.0 / shares
        self.sent = 0

    @property
    def at_it(self) -> bool:
        """Whether something of the present share is still to be sent."""
        return self.is_alive() and self.sent < self.share * len(self._planned)

    def run(self) -> None:
        here, slugs, numbers = self._here, tuple(self._here.contract.departments), count(1)
        due = time.monotonic()

        def paced() -> None:
            nonlocal due
            self.sent = next(numbers)
            while self.share < 1.0 and not self.at_it:
                time.sleep(_HELD_SECONDS)
            due = max(due, time.monotonic() - _CATCH_UP_SECONDS) + 1.0 / self._rate
            time.sleep(max(0.0, due - time.monotonic()))

        try:
            with ExitStack() as opened:
                publishers = {
                    slug: opened.enter_context(Publisher(here.address(slug), slug, in_flight=_BACKLOG, options=_PATIENT)) for slug in slugs
                }
                secrets = {slug: department_secret(here.keys, slug) for slug in slugs}
                load(
                    self._planned,
                    contract=here.contract,
                    codec=here.codec(slugs[0]),
                    publishers=publishers,
                    secrets=secrets,
                    on_sent=paced,
                    patience=PATIENCE_SECONDS,
                )
            self.failure = None
        except DatabusError as error:
            self.failure = error
