"""A record as it stands on a day: everything a step tells of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from databus.model.clock import day_at
from databus.model.event import Event
from databus.model.labels import LabelClass, Standing
from databus.model.nouns import dataclass, replace
from databus.profile.checks import Failure, Weighed
from databus.profile.election import Elected, elect, nothing
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

    `failures` are the checks that fail; a view that was recalled has none. `counted` are the ways of forwarded copies in it; one
    that is not `present` has nothing here that counts: it belongs to another key.
    """

    day: int
    elected: Elected
    stand: Stand
    label_class: LabelClass
    payload: Mapping[str, Any]
    failures: tuple[Failure, ...] = ()
    counted: tuple[str, ...] = ()
    present: bool = True

    @property
    def told(self) -> tuple[object, ...] | None:
        """What the record tells the world: two views that tell the same are one state of the current profile; None tells nothing."""
        return (self.elected.said, self.stand, self.label_class) if self.present else None

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


def recalled(registers: Collection[Register], day: int, stand: Stand, counted: tuple[str, ...] = (), *, read: Read) -> View:
    """The record as it was told last, `stand` being what was told of its standing, `counted` the ways of copies it was told with."""
    elected = elect(registers)
    seen = _view(day, elected, stand, None if elected.content is None else read(elected.content))
    return replace(seen, counted=counted) if counted else seen


def absent(registers: Collection[Register], day: int) -> View:
    """A record that is not here, whatever its registers say."""
    elected, stand = nothing(registers), Stand(Standing.MOVED, None, "link")
    return View(day, elected, stand, label_class(elected, stand), _NOTHING, present=False)


def _view(day: int, elected: Elected, stand: Stand, submission: Submission | None, failures: tuple[Failure, ...] = ()) -> View:
    return View(day, elected, stand, label_class(elected, stand), _NOTHING if submission is None else submission["payload"], failures)


def day_of(event: Event) -> int:
    """The day in Asia/Shanghai on which an event became known, in days since 1970-01-01."""
    return day_at(event.known_at)
