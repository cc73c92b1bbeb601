"""Rows on their way: told in their order, and never more of them than a window holds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from databus.department.files.row import Row
from databus.department.outcome import REFUSED, SENT, UNREADABLE, Remark, RowResult
from databus.department.publisher import Done, Taken
from databus.department.submission import Submission
from databus.errors import BusUnavailable, DatabusError, NotAllowed, Rejected

WINDOW = 10_000
"""Rows read and not yet told, at most."""

ANSWER_SECONDS = 60.0
"""How long the answer to a submission may take before the bus counts as away; the producer itself gives up earlier."""

_PAUSE_SECONDS = 0.002


class Sender(Protocol):
    """What publishing needs of a `Publisher`."""

    def publish(self, submission: Submission, done: Done) -> None:
        """Send; `done` is called once, when the submission is taken or failed."""
        ...

    def flush(self) -> None:
        """Wait until everything sent is taken or failed."""
        ...


class _Place:
    """A row's place in the window. Its answer comes on the producer's thread."""

    __slots__ = ("answer", "result")

    def __init__(self, result: RowResult, answer: Taken | DatabusError | None) -> None:
        self.result = result
        self.answer = answer

    def settle(self, _: str, answer: Taken | DatabusError) -> None:
        self.answer = answer


class Window:
    """The rows that were read and are not told yet."""

    def __init__(self, publisher: Sender, size: int = WINDOW) -> None:
        self._publisher = publisher
        self._size = size
        self._places: deque[_Place] = deque()

    def known(self, result: RowResult) -> None:
        """A row of which all is known."""
        self._places.append(_Place(result, _KNOWN))

    def send(self, row: Row, submission: Submission) -> None:
        """A row that is sent now."""
        place = _Place(RowResult(row, SENT, submission.submission_id), None)
        self._places.append(place)
        self._publisher.publish(submission, place.settle)

    def told(self) -> Iterator[RowResult]:
        """What is known by now, in order. Where the window is full its first row is waited for."""
        places = self._places
        while places and (places[0].answer is not None or len(places) >= self._size):
            yield self._first()

    def rest(self) -> Iterator[RowResult]:
        """Wait for everything; what is known is told even where the bus goes away."""
        try:
            self._publisher.flush()
        except BusUnavailable:
            yield from self._taken()
            raise
        while self._places:
            yield self._first()

    def _first(self) -> RowResult:
        place = self._places[0]
        if place.answer is None and not _await(lambda: place.answer is not None):
            raise BusUnavailable(f"the bus did not answer for {len(self._places)} rows; they may be sent again", rows=len(self._places))
        answer = place.answer
        if type(answer) is not Taken and isinstance(answer, DatabusError) and _ends(answer):
            raise answer
        self._places.popleft()
        return _result(place)

    def _taken(self) -> Iterator[RowResult]:
        yield from (_result(place) for place in self._places if place.answer is not None and not _ends(place.answer))
        self._places.clear()


def _await(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + ANSWER_SECONDS
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _ends(answer: Taken | DatabusError) -> bool:
    """True for what ends a publication: the bus is away, or does not let this department in."""
    return isinstance(answer, DatabusError) and (isinstance(answer, NotAllowed) or not isinstance(answer, Rejected))


def _result(place: _Place) -> RowResult:
    answer, result = place.answer, place.result
    if answer is _KNOWN:
        return result
    if isinstance(answer, Taken):
        return result._replace(partition=answer.partition, offset=answer.offset)
    assert isinstance(answer, DatabusError)
    return result._replace(outcome=REFUSED, remarks=(Remark(UNREADABLE, reason=answer.detail),))


_KNOWN = Taken("", "", -1, -1)
"""The answer of a row that is not sent."""
