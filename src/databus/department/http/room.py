"""How many requests are held in memory at once: a department that sends many, or slowly, keeps nobody else out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from databus.errors import TooManyRequests

EACH, ALL = 8, 32
"""Of one department, and of all."""
_RETRY_SECONDS = 1


@dataclass
class Room:
    """Places for requests with a body."""

    each: int = EACH
    all: int = ALL
    taken: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def of(self, department: str) -> Iterator[None]:
        """A place, until the request is answered.

        Raises:
            TooManyRequests: there is none; its fact `retry_after` is in seconds.
        """
        if self.taken[department] >= self.each or self.taken.total() >= self.all:
            detail = f"{self.each} requests of a department are read at once, {self.all} in all; wait for the answers."
            raise TooManyRequests(detail, retry_after=_RETRY_SECONDS)
        self.taken[department] += 1
        try:
            yield
        finally:
            self.taken[department] -= 1
            if not self.taken[department]:
                del self.taken[department]
