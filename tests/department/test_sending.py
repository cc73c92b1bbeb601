"""The window of rows on their way: in order, bounded, and told to the last one taken."""

from __future__ import annotations

from threading import Thread

import pytest

from databus.department.files.row import Row
from databus.department.outcome import CHECKED, RowResult
from databus.department.publisher import Done, Taken
from databus.department.sending import Window
from databus.department.submission import Submission
from databus.errors import BusUnavailable


class Slow:
    """Answers when told to, in whatever order, from a thread of its own."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Done]] = []

    def publish(self, submission: Submission, done: Done) -> None:
        self.waiting.append((submission.submission_id, done))

    def answer(self, *numbers: int) -> None:
        for number in numbers:
            name, done = self.waiting[number]
            done(name, Taken(name, "in", 0, number))

    def flush(self) -> None:
        self.answer(*range(len(self.waiting)))


def send(window: Window, number: int) -> None:
    window.send(Row(number, {}), Submission(f"s-{number}", b"", b""))


def test_rows_are_told_in_their_order_whenever_they_are_answered() -> None:
    bus = Slow()
    window = Window(bus)
    for number in range(3):
        send(window, number)
    window.known(RowResult(Row(3, {}), CHECKED))
    bus.answer(2, 1)
    assert list(window.told()) == []
    bus.answer(0)
    assert [(one.row.number, one.offset) for one in window.told()] == [(0, 0), (1, 1), (2, 2), (3, -1)]
    assert list(window.rest()) == []


def test_a_full_window_waits_for_its_first_row() -> None:
    bus = Slow()
    window = Window(bus, size=2)
    for number in range(2):
        send(window, number)
    thread = Thread(target=lambda: bus.answer(0))
    thread.start()
    assert [one.row.number for one in window.told()] == [0]
    thread.join()
    assert [one.row.number for one in window.rest()] == [1]


def test_rows_that_are_not_sent_do_not_fill_memory_behind_one_that_is_not_answered() -> None:
    bus = Slow()
    window = Window(bus, size=3)
    send(window, 0)
    window.known(RowResult(Row(1, {}), CHECKED))
    assert list(window.told()) == []
    bus.answer(0)
    window.known(RowResult(Row(2, {}), CHECKED))
    assert [one.row.number for one in window.told()] == [0, 1, 2]


def test_what_was_taken_is_told_before_the_bus_counts_as_away() -> None:
    class Gone(Slow):
        def flush(self) -> None:
            self.answer(0, 2)
            raise BusUnavailable("away")

    window = Window(Gone())
    for number in range(3):
        send(window, number)
    found = window.rest()
    assert [next(found).row.number, next(found).row.number] == [0, 2]
    with pytest.raises(BusUnavailable):
        next(found)
