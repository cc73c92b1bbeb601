"""A record as it stands on a day: everything a step tells of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from databus.model.clock import day_at
from databus.model.event import Event
from databus.model.labels import LabelClass
from databus.profile.checks import Failure, Weighed
from databus.profile.election import Elected, elect
from databus.profile.labels import label_class
from databus.profile.registers import Register
from databus.profile.standing import Read, Rules, Stand, Submission, standing

_NOTHING: Mapping[str, Any] = {}

Weigh = Callable[[Elected, Submission | None, int], Weighed]


def unweighed(elected: Elected, submission: Submission | None, day: int) -> Weighed:
    """No checks."""
    return Weighed()


@dataclass(frozen=True, slots=True)
class View:
    """A record on a day (days since 1970-01-01, Asia/Shanghai). `payload` is that of the elected content, empty without.

    `failures` are the checks that fail; a view that was recalled has none.
    """

    day: int
    elected: Elected
    stand: Stand
    label_class: LabelClass
    payload: Mapping[str, Any]
    failures: tuple[Failure, ...] = ()

    @property
    def told(self) -> tuple[object, ...]:
        """What the record tells the world: two views that tell the same are one state of the current profile."""
        return self.elected.said, self.stand, self.label_class

    @property
    def body(self) -> bytes | None:
        """The submission that gives the content."""
        return None if self.elected.content is None else self.elected.content.body


def view(registers: Collection[Register], day: int, *, rules: Rules, read: Read, weigh: Weigh = unweighed) -> View:
    """The record behind its registers on a day; at least one register.

    `read` gives the submission in an event, decoded; `weigh` what the checks of the whole profile say.
    """
    return view_of(elect(registers), day, rules=rules, read=read, weigh=weigh)


def view_of(elected: Elected, day: int, *, rules: Rules, read: Read, weigh: Weigh) -> View:
    """The same once the copies are weighed."""
    submission = None if elected.content is None else read(elected.content)
    weighed = weigh(elected, submission, day)
    return _view(day, elected, weighed.stand(standing(elected, submission, day, rules)), submission, weighed.failures)


def recalled(registers: Collection[Register], day: int, stand: Stand, *, read: Read) -> View:
    """The record as it was told last, `stand` being what was told of its standing."""
    elected = elect(registers)
    return _view(day, elected, stand, None if elected.content is None else read(elected.content))


def _view(day: int, elected: Elected, stand: Stand, submission: Submission | None, failures: tuple[Failure, ...] = ()) -> View:
    return View(day, elected, stand, label_class(elected, stand), _NOTHING if submission is None else submission["payload"], failures)


def day_of(event: Event) -> int:
    """The day in Asia/Shanghai on which an event became known, in days since 1970-01-01."""
    return day_at(event.known_at)
