"""Where a record stands on a day, and the next day on which time alone may change that (design 8).

What is erased is DELETED whatever else was said. A record two of whose contents claim one seq is HELD; one that was
revoked or repaired stays so until that is taken back; an end without content waits. Only then does the lifecycle of
its type speak: SHOWN, HIDDEN, ARCHIVED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from databus.model.event import Event
from databus.model.labels import Standing
from databus.model.nouns import dataclass
from databus.profile.election import Elected
from databus.profile.registers import REPAIR, REVOKE

Submission = Mapping[str, Mapping[str, Any]]
"""A decoded submission: its envelope and its payload."""

Read = Callable[[Event], Submission]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a record stands. `wake` is in days since 1970-01-01 (None: never), `rule` what fixed it, `flags` go to the class."""

    standing: Standing
    wake: int | None
    rule: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """What the rule sets say of a record's content on a day. `repairable` is the first day a REPAIR may take effect,
    `regraded` the next on which a switch of rule sets gives it other flags."""

    stand: Stand
    repairable: int | None = None
    regraded: int | None = None


Rules = Callable[[str, Submission, int], Phase]
"""Record type, submission and day (since 1970-01-01) → phase."""


def standing(elected: Elected, submission: Submission | None, day: int, rules: Rules) -> Stand:
    """The standing of a record on a day. `submission` is the elected content, decoded; None where there is none."""
    if elected.deleted:
        return Stand(Standing.DELETED, None, "delete")
    if elected.torn:
        return Stand(Standing.HELD, None, "DQ-UNI-03")
    if elected.unlinked:
        return Stand(Standing.REVOKED, None, "unlink")
    if elected.content is None or submission is None:
        return Stand(Standing.WAITING, None, "DQ-REF-01")
    phase = rules(elected.content.record_type, submission, day)
    facets = {end.facet for end in elected.ends}
    if REVOKE in facets:
        return Stand(Standing.REVOKED, phase.regraded, "revoke", phase.stand.flags)
    if REPAIR in facets:
        return _repaired(phase, day)
    return phase.stand


def _repaired(phase: Phase, day: int) -> Stand:
    # Publicity ends early only after its minimum (domain 4.5), so a REPAIR decided too soon takes effect on that day.
    first = phase.repairable
    if first is None or day >= first or phase.stand.standing is not Standing.SHOWN:
        return Stand(Standing.REPAIRED, phase.regraded, "repair", phase.stand.flags)
    wake = first if phase.stand.wake is None else min(first, phase.stand.wake)
    return Stand(phase.stand.standing, wake, phase.stand.rule, phase.stand.flags)
