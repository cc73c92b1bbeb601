"""How often a login may fail before it is no longer tried: guessing is slow, and who knows the secret is not kept out for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from databus.errors import TooManyRequests

WINDOW = 300
"""Seconds in which failures count together."""
EACH, ADDRESS = 5, 30
"""Failures of one client id from one address, and of all ids from it."""
REMEMBERED = 10_000
"""Keys remembered at once; of more, the quietest is forgotten."""


@dataclass
class Attempts:
    """Failures of this process. `now` is in seconds."""

    now: Callable[[], float] = time.monotonic
    _failed: OrderedDict[tuple[str, ...], tuple[float, int]] = field(default_factory=OrderedDict)

    def require(self, client_id: str, address: str) -> None:
        """Let another attempt be made.

        Raises:
            TooManyRequests: too many have failed; its fact `retry_after` is in seconds.
        """
        for key, most in _keys(client_id, address):
            began, count = self._failed.get(key, (0.0, 0))
            left = began + WINDOW - self.now()
            if count >= most and left > 0:
                seconds = max(1, round(left))
                raise TooManyRequests(f"Too many logins have failed; try again in {seconds} seconds.", retry_after=seconds)

    def failed(self, client_id: str, address: str) -> None:
        """Count a failure."""
        for key, _ in _keys(client_id, address):
            began, count = self._failed.pop(key, (self.now(), 0))
            if self.now() - began >= WINDOW:
                began, count = self.now(), 0
            self._failed[key] = (began, count + 1)
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, client_id: str, address: str) -> None:
        """Forget the failures of this client id from there."""
        self._failed.pop((address, client_id), None)


def _keys(client_id: str, address: str) -> Iterator[tuple[tuple[str, ...], int]]:
    yield (address, client_id), EACH
    yield (address,), ADDRESS
