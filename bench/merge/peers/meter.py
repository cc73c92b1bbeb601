"""What a peer is asked to do and what it says it has spent. Standard library alone."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Order:
    """The broker, the user, the topics by their full names, and after how many events to stop; `more` is the peer's own."""

    bootstrap: str
    username: str
    password: str
    source: tuple[str, ...]
    output: str
    registers: str
    group: str
    count: int
    more: dict[str, Any] = field(default_factory=dict)

    def told(self) -> bytes:
        """As it goes to the peer's standard input."""
        return json.dumps(asdict(self)).encode()


def order() -> Order:
    """The order on standard input."""
    told = json.load(sys.stdin)
    return Order(**{**told, "source": tuple(told["source"])})


@dataclass
class Meter:
    """CPU and wall time of this process, all its threads, from the first lot it has done to the last.

    What comes before the first (start, joining the group, filling the first fetch) is nobody's cost per event, nor are the first
    `after` of them where something is made once. A lot of none starts the clock for what is done in one lot.
    """

    count: int
    after: int = 0
    done: int = 0
    first: int | None = None
    began: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)

    def add(self, events: int) -> bool:
        """So many more are done; True when all are."""
        self.done += events
        now = time.process_time(), time.monotonic()
        if self.first is None and self.done >= self.after:
            self.first, self.began = self.done, now
        self.ended = now
        return self.done >= self.count

    def tell(self) -> None:
        """Print it as one line of JSON, the last of this process."""
        cpu, wall = (end - begin for end, begin in zip(self.ended, self.began, strict=True))
        print(json.dumps({"events": self.done - (self.first or 0), "cpu": cpu, "wall": wall}), flush=True)


def main(
    run: Callable[[Order, Meter], Coroutine[Any, Any, int | None]], *, loop: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> None:
    """Carry out the order on standard input on such a loop, tell what it took, and end with the code of `run`."""
    asked = order()
    meter = Meter(asked.count, asked.more.get("after", 0))
    with asyncio.Runner(loop_factory=loop) as runner:
        code = runner.run(run(asked, meter))
    meter.tell()
    sys.exit(code)
