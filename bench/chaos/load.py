"""The sample province, sent at a steady rate by a thread of its own while things are broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
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


_SPARED = 0.3
"""The pace of a load that is spared, of what is left of it: however long that takes, something is left in the end."""


class Loading(threading.Thread):
    """Sends what is planned, as far as `share` (1 is all of it) lets it, at its rate; not while it is `held`. After `join`, `failure`
    is what stopped it."""

    def __init__(self, here: Session, planned: Sequence[Planned], *, shares: int = 1) -> None:
        super().__init__(daemon=True)
        self._here, self._planned = here, planned
        self._shares = shares
        self._rate = min(RATE, len(planned) / (SHORTEST * shares))
        self.failure: DatabusError | None = Unavailable("the load was given up")
        self.share = 1.0 / shares
        self.held = False
        self.sent = 0
        self._spared = False

    @property
    def at_it(self) -> bool:
        """Whether something of the present share is still to be sent."""
        return self.is_alive() and self.sent < self.share * len(self._planned)

    @property
    def pace(self) -> float:
        """The part of its rate at which it goes on."""
        left = max(0.0, self.share - self.sent / len(self._planned)) * self._shares
        return 0.0 if self.held else _SPARED * left if self._spared else 1.0

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Meanwhile it goes on ever more slowly, so that something of its share is left."""
        self._spared = True
        try:
            yield
        finally:
            self._spared = False

    def run(self) -> None:
        here, slugs, numbers = self._here, tuple(self._here.contract.departments), count(1)
        due = time.monotonic()

        def paced() -> None:
            nonlocal due
            self.sent = next(numbers)
            while not (pace := self.pace) or (self.share < 1.0 and not self.at_it):
                time.sleep(_HELD_SECONDS)
            due = max(due, time.monotonic() - _CATCH_UP_SECONDS) + 1.0 / (self._rate * pace)
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
